/** An SQLite file that several processes of one machine open. */
import { assert, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { mkdtemp, rm } from "node:fs/promises"
import { DatabaseSync } from "node:sqlite"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ChangeFeed } from "../src/ChangeFeed.ts"
import type { Write } from "../src/Document.ts"
import { DocumentStore } from "../src/DocumentStore.ts"
import * as SqliteDocumentStore from "../src/SqliteDocumentStore.ts"
import { documentStoreContract } from "./DocumentStoreContract.ts"

const temporaryFile = Effect.map(
  Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "drawbar-shared-"))),
    (folder) => Effect.promise(() => rm(folder, { recursive: true })),
  ),
  (folder) => join(folder, "drawbar.db"),
)

const shared = (filename: string) => SqliteDocumentStore.layer({ filename, isShared: true })

documentStoreContract("in a shared file", Layer.unwrap(Effect.map(temporaryFile, shared)))

const create = (id: string): Write => ({ _tag: "Create", collection: "model", id, source: { name: id } })

/** The feed of one connection to the file, and what it has informed of. */
const opened = Effect.fnUntraced(function* (filename: string) {
  const built = yield* Layer.build(Layer.fresh(Layer.provideMerge(ChangeFeed.layer({}), shared(filename))))
  const seen: Array<string> = []
  const feed = Context.get(built, ChangeFeed)
  yield* feed.subscribe((changes) => void seen.push(...changes.map(({ id }) => id)))
  return { feed, seen, store: Context.get(built, DocumentStore) }
})

it.live("informs each process of the others' writes, and loses none", () =>
  Effect.gen(function* () {
    const filename = yield* temporaryFile
    const [one, other] = [yield* opened(filename), yield* opened(filename)]
    const writes = [one, other].flatMap(({ feed }, i) =>
      Array.from({ length: 30 }, (_, n) => feed.commit([create(`${i}-${n}`)])),
    )
    yield* Effect.all(writes, { concurrency: "unbounded" })
    while (one.seen.length < 60 || other.seen.length < 60) yield* Effect.sleep("10 millis")
    assert.strictEqual(new Set(one.seen).size, 60)
    assert.strictEqual(new Set(other.seen).size, 60)
    assert.strictEqual(yield* other.store.count("model"), 60)
  }),
)

it.live("a write that waits too long for another process's fails for the time being, and reads do not wait", () =>
  Effect.gen(function* () {
    const filename = yield* temporaryFile
    const { feed, store } = yield* opened(filename)
    const blocker = new DatabaseSync(filename)
    blocker.exec("BEGIN IMMEDIATE")
    assert.strictEqual(yield* store.count("model"), 0)
    const { reason } = yield* Effect.flip(feed.commit([create("a")]))
    assert.deepInclude(reason, { _tag: "StorageFailed", retryAfterMillis: 2_000 })
    assert.match(reason.message, /another process has been writing to it for 2 s/)
    blocker.exec("COMMIT")
    blocker.close()
    yield* feed.commit([create("a")])
  }),
)
