/** The change feed of the registry's records: each is read by its own schema before it is written. */
import { ChangeFeed } from "@drawbar/document-store/ChangeFeed"
import type { Collection } from "@drawbar/document-store/Document"
import type { RecordReader } from "@drawbar/document-store/RecordCheck"
import { decode } from "@drawbar/json-text/Decode"
import { Connector } from "@drawbar/blueprint-schema/Connector"
import { Principal } from "../access/Principal.ts"
import { Controller } from "../models/Controllers.ts"
import * as Model from "../models/Model.ts"
import { ModelGroup } from "../models/ModelGroup.ts"
import * as UsageRow from "../spend/UsageRow.ts"
import { Task } from "./Task.ts"

/** Claims and settings, in `config`, are read field by field. */
const readers: Record<Exclude<Collection, "config">, RecordReader> = {
  connector: decode(Connector),
  model: Model.read,
  "model-group": decode(ModelGroup),
  task: decode(Task),
  controller: decode(Controller),
  principal: decode(Principal),
  usage: UsageRow.read,
}

export const layer = ChangeFeed.layer(readers)
