import { assert, describe, it } from "@effect/vitest"
import { CircuitOpen, ConnectTimeout } from "@drawbar/egress/EgressError"
import {
  ConnectorError,
  GuardrailTriggered,
  InvalidInput,
  MissingParameters,
  UpstreamError,
} from "@drawbar/connector-runtime/ConnectorError"
import { DeploymentError, QuotaExceeded, RateLimited } from "@drawbar/deployments/DeploymentError"
import { Overloaded, RequestError, Unauthenticated } from "@drawbar/http-server/http/RequestError"
import * as HttpApi from "effect/http-api/HttpApi"
import * as EndpointPolicy from "@drawbar/http-server/access/EndpointPolicy"
import { OpenAiApi } from "../src/OpenAiApi.ts"
import { type ApiError, Attempted, face, invalidField, ModelNotFound, OpenAiError } from "../src/OpenAiError.ts"

const upstream = (status: number, retryAfterMillis?: number) =>
  ConnectorError.from(
    new UpstreamError({
      remote: { status, body: "", ...(retryAfterMillis === undefined ? {} : { retryAfterMillis }) },
      message: "m",
    }),
  )

const origin = "https://models.example"

/** What a client of OpenAI sees: the status chooses its error class, `x-should-retry` whether it retries. */
const rows: ReadonlyArray<
  readonly [name: string, error: ApiError, attempts: number, status: number, code: string | null, retries: boolean]
> = [
  [
    "an unknown model",
    OpenAiError.from(new ModelNotFound({ name: "x", candidates: ["y"], isAmbiguous: false })),
    0,
    404,
    "model_not_found",
    false,
  ],
  ["a wrong field", invalidField("n", "m"), 0, 400, null, false],
  [
    "what the provider has not",
    ConnectorError.from(new InvalidInput({ message: "m", param: "seed" })),
    0,
    400,
    null,
    false,
  ],
  ["a missing parameter", ConnectorError.from(new MissingParameters({ names: ["inputs"] })), 0, 400, null, false],
  ["a guardrail", ConnectorError.from(new GuardrailTriggered({ side: "user input" })), 0, 400, "content_filter", false],
  ["a wrong key", RequestError.from(new Unauthenticated({ message: "m" })), 0, 401, "invalid_api_key", false],
  [
    "a quota",
    DeploymentError.from(new QuotaExceeded({ quota: "tokens_per_day", limit: 1 })),
    0,
    429,
    "insufficient_quota",
    false,
  ],
  [
    "a rate limit",
    DeploymentError.from(new RateLimited({ level: "model", retryAfterMillis: 50 })),
    0,
    429,
    "rate_limit_exceeded",
    true,
  ],
  ["an overload", RequestError.from(new Overloaded({ retryAfterMillis: 1_500 })), 0, 503, "overloaded", true],
  ["a provider's 429", upstream(429, 50), 1, 429, "rate_limit_exceeded", true],
  ["a provider's 429 that was retried", upstream(429, 50), 3, 429, "rate_limit_exceeded", false],
  ["a provider's 500", upstream(500), 1, 500, "upstream_error", true],
  ["a provider's 400", upstream(400), 1, 400, null, false],
  ["a provider's redirect", upstream(302), 1, 502, "upstream_error", true],
  [
    "an open circuit",
    ConnectorError.from(new CircuitOpen({ origin, failures: 5, retryAfterMillis: 2_000 })),
    0,
    503,
    "upstream_unavailable",
    true,
  ],
  [
    "a timeout that was retried",
    ConnectorError.from(new ConnectTimeout({ origin, millis: 5 })),
    2,
    504,
    "upstream_timeout",
    false,
  ],
]

describe("a refusal", () => {
  it.each(rows)("of %s", (_, error, attempts, status, code, retries) => {
    const { refusal } = face.describe(new Attempted({ error, attempts }))
    assert.strictEqual(refusal.status, status)
    assert.deepInclude(refusal.body, { error: { ...Reflect.get(refusal.body, "error"), code } })
    assert.strictEqual(refusal.headers["x-should-retry"], retries ? undefined : "false")
  })

  it("says the wait in seconds, rounded up, and in milliseconds", () => {
    const { refusal } = face.describe(upstream(429, 50))
    assert.deepInclude(refusal.headers, { "retry-after": "1", "retry-after-ms": "50" })
  })
})

it("requires the permission predict of every endpoint", () => {
  const needs: Array<string> = []
  HttpApi.reflect(HttpApi.make("x").add(OpenAiApi), {
    onGroup: () => {},
    onEndpoint: ({ endpoint }) => needs.push(EndpointPolicy.of(endpoint).needs ?? "none"),
  })
  assert.deepStrictEqual(needs, ["predict", "predict", "predict", "predict", "predict", "predict"])
})
