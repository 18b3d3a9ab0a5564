import { invalidInput } from "@drawbar/connector-runtime/ConnectorError"
import type { LiveConnector } from "@drawbar/connector-runtime/call/LiveConnector"
import { assert, it } from "@effect/vitest"
import type { Target } from "../src/deployment/Deployment.ts"
import * as Routing from "../src/deployment/Routing.ts"

// A route is chosen by weight and role alone.
const target: Target = { live: {} as LiveConnector, weight: 1, role: "primary" }

it("the only target takes every call, and no other one follows its failure", () => {
  assert.strictEqual(Routing.choose([target]), target)
  assert.isUndefined(Routing.choose([target], invalidInput("x")))
})
