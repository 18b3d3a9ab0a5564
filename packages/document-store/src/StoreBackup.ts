/** Copies of a whole store while it is in use. A store without this service is backed up with its database's own tools. */
import { Context, type Effect, type Scope } from "effect"
import type { StoreError } from "./StoreError.ts"

export interface StoreCopy {
  /** A file that exists until the scope closes. */
  readonly path: string
  readonly bytes: number
}

export class StoreBackup extends Context.Service<
  StoreBackup,
  {
    /**
     * Copies every record as of one moment, the end of the copy. Reads and writes continue. Needs as much room again as the records take.
     */
    readonly copy: Effect.Effect<StoreCopy, StoreError, Scope.Scope>
  }
>()("@drawbar/document-store/StoreBackup") {}
