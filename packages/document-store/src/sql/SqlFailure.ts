/** A database's failure as the registry's own. */
import { StoreError, StorageFailed } from "../StoreError.ts"

/** Names what was being done; the driver's message says what to do. */
export const storageFailed =
  (operation: string) =>
  (error: Error): StoreError =>
    StoreError.from(new StorageFailed({ operation, message: innermost(error).message }))

/** A migration's error says which step failed; its cause says why. */
const innermost = (error: Error): Error =>
  error.name === "MigrationError" && error.cause instanceof Error ? error.cause : error
