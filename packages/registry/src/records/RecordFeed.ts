/** The change feed of the registry's records: each is read by its own schema before it is written. */
import { ChangeFeed } from "@drawbar/document-store/ChangeFeed"
import type { Collection } from "@drawbar/document-store/Document"
import { DocumentStore } from "@drawbar/document-store/DocumentStore"
import type { RecordReader } from "@drawbar/document-store/RecordCheck"
import { decode } from "@drawbar/json-text/Decode"
import { Connector } from "@drawbar/blueprint-schema/Connector"
import * as Alias from "../aliases/Alias.ts"
import { Effect, Layer } from "effect"
import * as RecordHistory from "../history/RecordHistory.ts"
import { Principal } from "../access/Principal.ts"
import { Controller } from "../models/Controllers.ts"
import * as Model from "../models/Model.ts"
import { ModelGroup } from "../models/ModelGroup.ts"
import * as UsageRow from "../spend/UsageRow.ts"
import { Task } from "./Task.ts"

/** Claims and settings, in `config`, are read field by field. */
const readers: Record<Exclude<Collection, "config" | "history" | "version">, RecordReader> = {
  alias: Alias.read,
  connector: decode(Connector),
  model: Model.read,
  "model-group": decode(ModelGroup),
  task: decode(Task),
  controller: decode(Controller),
  principal: decode(Principal),
  usage: UsageRow.read,
}

/** For copies of whole stores, which hold their versions already. */
export const layerWithoutHistory = ChangeFeed.layer(readers)

/** Each transaction also writes the versions of the records that it updates; see `RecordHistory`. */
export const layer = Layer.effect(
  ChangeFeed,
  Effect.gen(function* () {
    const store = yield* DocumentStore
    const feed = yield* ChangeFeed
    return {
      ...feed,
      commit: (writes) =>
        Effect.flatMap(RecordHistory.of(store, writes), (history) =>
          history.length === 0
            ? feed.commit(writes)
            : Effect.map(feed.commit([...writes, ...history]), (written) => written.slice(0, writes.length)),
        ),
    }
  }),
).pipe(Layer.provide(layerWithoutHistory))
