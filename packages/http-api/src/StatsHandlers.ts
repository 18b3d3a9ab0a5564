import { Effect } from "effect"
import * as Endpoint from "./Endpoint.ts"
import { StatsApi } from "./StatsApi.ts"
