import { Execution } from "./Execution.ts"
import type { Value } from "./Value.ts"

/** One run of a script. `Execution` does not name `Value`, because the functions among values are called with the run. */
export class Run extends Execution<Value> {}
