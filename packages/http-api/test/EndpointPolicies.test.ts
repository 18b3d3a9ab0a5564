/** Every endpoint declares its permission and its admission; goldens/endpoints.txt has them all. */
import { join } from "node:path"
import * as EndpointPolicy from "@drawbar/http-server/access/EndpointPolicy"
import * as Permission from "@drawbar/http-server/access/Permission"
import * as OriginCheck from "@drawbar/http-server/http/OriginCheck"
import * as Endpoint from "@drawbar/http-server/http/Endpoint"
import { Admission, record } from "@drawbar/http-server/admission/Admission"
import { Context, Effect } from "effect"
import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import { assert, describe, expect, it } from "vitest"
import * as OpenSearchError from "../src/errors/OpenSearchError.ts"
import { DrawbarApi } from "../src/routes/DrawbarApi.ts"
import * as RequestLimits from "../src/routes/RequestLimits.ts"
import * as UnsupportedRoutes from "../src/routes/UnsupportedRoutes.ts"

const contracts: Array<HttpApiEndpoint.Top> = []
HttpApi.reflect(DrawbarApi, { onGroup: () => {}, onEndpoint: ({ endpoint }) => contracts.push(endpoint) })

interface Row extends EndpointPolicy.Declared {
  readonly method: string
  readonly path: string
}

const rows: ReadonlyArray<Row> = [
  ...contracts.map((contract) => ({ ...EndpointPolicy.of(contract), method: contract.method, path: contract.path })),
  ...UnsupportedRoutes.endpoints,
]

const line = ({ method, path, needs, admission: { body, callsUpstream, isOperators, sendsFile } }: Row) =>
  [
    `${method} ${path}`,
    needs ?? "none",
    `${body} body`,
    ...(callsUpstream ? ["calls an upstream"] : []),
    ...(isOperators ? ["operators"] : []),
    ...(sendsFile === true ? ["sends a file"] : []),
  ].join(", ")

describe("the endpoints", () => {
  it.each(contracts.map(({ method, path, annotations }) => ({ method, path, annotations })))(
    "$method $path declares its permission and its admission",
    ({ annotations }) => {
      assert.isDefined(Context.get(annotations, Permission.Requires))
      assert.isDefined(Context.get(annotations, Admission))
    },
  )

  it("declare what the golden says", () => {
    return expect(`${rows.map(line).join("\n")}\n`).toMatchFileSnapshot(
      join(import.meta.dirname, "goldens/endpoints.txt"),
    )
  })

  it("have the bounds that they declare", () => {
    const limitsOf = RequestLimits.make({ predictBody: 2_000, recordBody: () => 100, requestMillis: 7 })
    for (const { admission } of rows) {
      const bodyBytes = admission.body === "predict" ? 2_000 : 100
      const millis = admission.sendsFile === true ? RequestLimits.fileMillis : 7
      assert.deepStrictEqual(limitsOf({ admission }), admission.callsUpstream ? { bodyBytes } : { bodyBytes, millis })
    }
  })

  it("are bound to the server's own names and origin, but for health probes", () => {
    const open = contracts.filter(({ annotations }) => Context.get(annotations, OriginCheck.AnyOrigin))
    assert.deepStrictEqual(
      open.map(({ path }) => path),
      ["/_health/live", "/_health/ready"],
    )
    assert.isFalse(UnsupportedRoutes.endpoints.some(({ anyOrigin }) => anyOrigin))
  })

  it("require `predict` where and only where a body for a model goes to an upstream, but for a connector's test", () => {
    for (const { path, needs, admission } of rows)
      if (needs === "predict") assert.isTrue(admission.callsUpstream && admission.body === "predict", path)
      else assert.isTrue(!admission.callsUpstream || path.endsWith("/_test"), path)
  })
})

describe("an endpoint that declares nothing", () => {
  const bare = HttpApiEndpoint.get("bare", "/bare", {})
  it.each([
    ["permission", bare, "Permission.Requires"],
    ["admission", bare.annotate(Permission.Requires, "read"), "no Admission"],
    ["permission beside an admission", bare.annotate(Admission, record), "Permission.Requires"],
  ])("of %s is not served", (_, contract, missing) => {
    const serve = () =>
      Endpoint.serve(OpenSearchError.face, HttpApiGroup.make("bare").add(contract), { bare: () => Effect.void })
    assert.throws(serve, `GET /bare has`)
    assert.throws(serve, missing)
  })
})
