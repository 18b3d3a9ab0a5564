import { Effect, Layer } from "effect"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as SqliteDocumentStore from "../src/SqliteDocumentStore.ts"
import { documentStoreContract } from "./DocumentStoreContract.ts"

const temporaryFile = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "drawbar-"))),
  (folder) => Effect.promise(() => rm(folder, { recursive: true })),
).pipe(Effect.map((folder) => join(folder, "drawbar.db")))

documentStoreContract("in memory", SqliteDocumentStore.layerMemory)
documentStoreContract(
  "in a file",
  Layer.unwrap(Effect.map(temporaryFile, (filename) => SqliteDocumentStore.layer({ filename }))),
)
