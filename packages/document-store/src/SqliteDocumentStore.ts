/** `DocumentStore` on SQLite. */
import { Layer } from "effect"
import { DocumentStore } from "./DocumentStore.ts"
import * as SqlDialect from "./sql/SqlDialect.ts"
import * as SqlDocumentStore from "./sql/SqlDocumentStore.ts"
import { storageFailed } from "./sql/SqlFailure.ts"
import * as SqliteBackup from "./sql/SqliteBackup.ts"
import * as SqliteClient from "./sql/SqliteClient.ts"
import { StoreBackup } from "./StoreBackup.ts"
import type { StoreError } from "./StoreError.ts"

/** In a file that only this process may open. If the file cannot be opened, the error says what to do. */
export const layer = (options: { readonly filename: string }): Layer.Layer<DocumentStore | StoreBackup, StoreError> =>
  Layer.merge(
    Layer.effect(DocumentStore, SqlDocumentStore.make(SqlDialect.sqlite)),
    Layer.effect(StoreBackup, SqliteBackup.make),
  ).pipe(
    Layer.provide(SqliteClient.layer(options)),
    Layer.catchTag("SqlError", (error) => Layer.effectContext(storageFailed("open")(error))),
  )

/** In memory: lost when the layer is released. */
export const layerMemory: Layer.Layer<DocumentStore | StoreBackup, StoreError> = layer({ filename: ":memory:" })
