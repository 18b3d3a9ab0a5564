/**
 * A process that writes pairs of records endlessly and prints each pair after it is acknowledged; the test kills it.
 */
import { Effect } from "effect"
import { DocumentStore } from "../src/DocumentStore.ts"
import * as SqliteDocumentStore from "../src/SqliteDocumentStore.ts"

const [, , filename = "", round = ""] = process.argv

const create = (id: string) => ({ _tag: "Create", collection: "task", id, source: { name: `Task ${id}` } }) as const

const write = (lane: number) =>
  Effect.gen(function* () {
    const store = yield* DocumentStore
    for (let n = 0; ; n++) {
      const pair = `${round}-${lane}-${n}`
      yield* store.transact([create(`${pair}-a`), create(`${pair}-b`)])
      process.stdout.write(`${pair}\n`)
    }
  })

await Effect.runPromise(
  Effect.all([0, 1, 2, 3, 4, 5, 6, 7].map(write), { concurrency: "unbounded" }).pipe(
    Effect.provide(SqliteDocumentStore.layer({ filename })),
  ),
)
