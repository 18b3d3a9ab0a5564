/** What a caller may say of a record that it changes: that it has not been written since the caller read it. */
import type { Document } from "@drawbar/document-store/Document"
import { Effect } from "effect"
import { RegistryError, StaleWrite } from "../RegistryError.ts"

export interface WriteCondition {
  readonly seqNo: number
  readonly primaryTerm: number
}

/** Nothing fails over here: there is one term. */
export const primaryTerm = 1

/** Fails with `StaleWrite` where the record has another sequence number, in OpenSearch's words. */
export const check = (
  { id, seqNo }: Document,
  condition: WriteCondition | undefined,
): Effect.Effect<void, RegistryError> =>
  condition === undefined || (condition.seqNo === seqNo && condition.primaryTerm === primaryTerm)
    ? Effect.void
    : Effect.fail(
        RegistryError.from(
          new StaleWrite({
            message: `[${id}]: version conflict, required seqNo [${condition.seqNo}], primary term [${condition.primaryTerm}]. current document has seqNo [${seqNo}] and primary term [${primaryTerm}]`,
          }),
        ),
      )
