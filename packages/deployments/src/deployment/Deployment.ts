/** What is live of one version of a model: its open connectors, and all that is compiled of its record. */
import type { DocumentBatches } from "@drawbar/connector-runtime/processors/DocumentBatches"
import type { LiveConnector } from "@drawbar/connector-runtime/call/LiveConnector"
import type * as AccessControl from "@drawbar/registry/access/AccessControl"
import type { Model } from "@drawbar/registry/models/Model"
import type { RateLimit } from "@drawbar/registry/models/RateLimit"
import type { InterfaceCheck } from "../predict/InterfaceCheck.ts"
import type * as ModelGuards from "../predict/ModelGuards.ts"
import type { Route } from "../routing/Routing.ts"
import type { TokenEstimate } from "../predict/TokenEstimate.ts"

/** One upstream that can take the model's calls. */
export interface Target {
  readonly live: LiveConnector
  /** Absent where the connector lives in the model. */
  readonly connectorId: string | undefined
}

/** The first is the model's own connector; the others are those of its routing that are open. */
export type Targets = readonly [Target, ...ReadonlyArray<Target>]

export interface Deployment {
  readonly id: string
  /** Of the model's record: it counts the record's writes, from 1. */
  readonly version: number
  readonly model: Model
  readonly targets: Targets
  /** Absent where the model has no routing: then the first target takes every call. */
  readonly route: Route | undefined
  readonly interface: InterfaceCheck
  readonly guardrails: ReturnType<typeof ModelGuards.make>
  /** What one call of the upstream takes, where the model splits its documents. */
  readonly batches: DocumentBatches | undefined
  /** How often each user may call the model, by the model's controller. */
  readonly userLimits: Readonly<Record<string, RateLimit>>
  /** Of the model's group. */
  readonly access: AccessControl.Access
  /** How many tokens an input may take. */
  readonly estimate: TokenEstimate
}
