/** Where the records are. */
import { existsSync, mkdirSync } from "node:fs"
import { join } from "node:path"
import type { DocumentStore } from "@drawbar/document-store/DocumentStore"
import type { PostgresOptions } from "@drawbar/document-store/sql/PostgresClient"
import * as SqliteDocumentStore from "@drawbar/document-store/SqliteDocumentStore"
import type { StoreError } from "@drawbar/document-store/StoreError"
import type { Limits } from "@drawbar/registry/limits/Limits"
import * as MemoryLimits from "@drawbar/registry/limits/MemoryLimits"
import type { Usage } from "@drawbar/registry/spend/Usage"
import { Effect, Layer } from "effect"
import * as DatabaseOptions from "./options/DatabaseOptions.ts"
import * as DatabaseUrl from "./options/DatabaseUrl.ts"
import * as FlagTable from "./options/FlagTable.ts"
import { InvalidFileOption } from "./options/InvalidFileOption.ts"
import type { StartOptions } from "./options/StartOptions.ts"

export const layer = ({
  files,
  postgres,
  sharesFile = false,
}: Pick<StartOptions, "files" | "postgres" | "sharesFile">): Layer.Layer<DocumentStore, StoreError> => {
  if (postgres !== undefined) return shared(postgres)
  return files === undefined
    ? SqliteDocumentStore.layerMemory
    : SqliteDocumentStore.layer({ filename: files.database, isShared: sharesFile })
}

/** Where rate limits, quotas, budgets and wrong passwords are counted. */
export const limits = ({
  postgres,
  sharedLimits = false,
}: Pick<StartOptions, "postgres" | "sharedLimits">): Layer.Layer<Limits, StoreError, Usage> =>
  postgres !== undefined && sharedLimits
    ? Layer.unwrap(
        Effect.map(
          Effect.promise(() => import("@drawbar/registry/limits/PostgresLimits")),
          (PostgresLimits) => PostgresLimits.layerWithUsage(postgres),
        ),
      )
    : MemoryLimits.layerWithUsage

// Loaded lazily, because most servers use SQLite.
const shared = (options: PostgresOptions) =>
  Layer.unwrap(
    Effect.map(
      Effect.promise(() => import("@drawbar/document-store/PostgresDocumentStore")),
      (PostgresDocumentStore) => PostgresDocumentStore.layer(options),
    ),
  )

/**
 * The store that a command names: the folder of `--data`, or the URL of `--database`. Only a store to write to is made
 * where there is none.
 */
export const at = Effect.fnUntraced(function* (
  place: string,
  password: string | undefined,
  environment: NodeJS.ProcessEnv,
  mayBeMade: boolean,
) {
  if (/^[a-z]+:\/\//.test(place)) {
    const { "database-pool": pool, "database-timeout": timeout } = FlagTable.table
    const texts = { url: place, password, pool: pool.fallback, timeout: timeout.fallback }
    const url = yield* Effect.mapError(
      Effect.fromResult(DatabaseUrl.read(texts, environment)),
      (message) => new InvalidFileOption({ message }),
    )
    return { name: DatabaseUrl.shown(url), layer: layer({ postgres: yield* DatabaseOptions.make(url) }) }
  }
  const file = join(place, "drawbar.db")
  if (!existsSync(file)) {
    if (!mayBeMade)
      return yield* new InvalidFileOption({ message: `There is no database in ${place}: ${file} is missing.` })
    mkdirSync(place, { recursive: true, mode: 0o700 })
  }
  return { name: file, layer: layer({ files: { database: file, keyring: "" } }) }
})
