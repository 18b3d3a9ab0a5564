/** A database's failure as the registry's own. */
import { fail, type RegistryError, StorageFailed } from "./RegistryError.ts"

/** Names what was being done; the driver's message says what to do. */
export const storageFailed =
  (operation: string) =>
  (error: Error): RegistryError =>
    fail(new StorageFailed({ operation, message: innermost(error).message }))

/** A migration's error says which step failed; its cause says why. */
const innermost = (error: Error): Error =>
  error.name === "MigrationError" && error.cause instanceof Error ? error.cause : error
