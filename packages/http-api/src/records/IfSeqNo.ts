/** `if_seq_no` and `if_primary_term`: a change is made only if the record was not written since the caller read it. */
import type { Document } from "@drawbar/document-store/Document"
import { type WriteCondition, primaryTerm } from "@drawbar/registry/records/WriteCondition"
import { BadParameter, RequestError } from "@drawbar/http-server/http/RequestError"
import { Effect, Schema } from "effect"

export const query = {
  if_seq_no: Schema.optionalKey(Schema.String),
  if_primary_term: Schema.optionalKey(Schema.String),
}

interface Query {
  readonly if_seq_no?: string
  readonly if_primary_term?: string
}

/** Fails where one of the two is absent, or no number. */
export const read = ({ if_seq_no, if_primary_term }: Query): Effect.Effect<WriteCondition | undefined, RequestError> =>
  Effect.gen(function* () {
    if (if_seq_no === undefined && if_primary_term === undefined) return undefined
    if (if_seq_no === undefined)
      return yield* refused(`Validation Failed: 1: ifSeqNo is unassigned, but primary term is [${if_primary_term}];`)
    if (if_primary_term === undefined)
      return yield* refused("Validation Failed: 1: ifSeqNo is set, but primary term is [0];")
    return {
      seqNo: yield* count("if_seq_no", if_seq_no),
      primaryTerm: yield* count("if_primary_term", if_primary_term),
    }
  })

const count = (name: string, text: string) =>
  /^\d{1,15}$/.test(text)
    ? Effect.succeed(Number(text))
    : refused(`Failed to parse long parameter [${name}] with value [${text}]`)

const refused = (message: string) => Effect.fail(RequestError.from(new BadParameter({ message })))

/** What to send as the condition of a change to this very record; the documented fields of a record have no place for it. */
export const headers = ({ seqNo }: Document): Readonly<Record<string, string>> => ({
  "X-Drawbar-Seq-No": String(seqNo),
  "X-Drawbar-Primary-Term": String(primaryTerm),
})

/** The same as fields, for a caller that asks for what Drawbar knows beyond the documented ones. */
export const fields = ({ version, seqNo }: Document) => ({
  _version: version,
  _seq_no: seqNo,
  _primary_term: primaryTerm,
})
