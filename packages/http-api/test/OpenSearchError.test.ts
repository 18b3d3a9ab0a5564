import { ConnectorError, type Remote, UpstreamError } from "@drawbar/connector-runtime/ConnectorError"
import { StoreError, NotFound, StorageFailed } from "@drawbar/document-store/StoreError"
import { assert, describe, it } from "@effect/vitest"
import * as OpenSearchError from "../src/errors/OpenSearchError.ts"

const refused = (remote: Remote) =>
  OpenSearchError.refusalOf(
    ConnectorError.from(new UpstreamError({ remote, message: `Error from remote service: ${remote.body}` })),
  )

describe("a refusal on the wire", () => {
  it("has the envelope of OpenSearch", () =>
    assert.deepStrictEqual(
      OpenSearchError.refusalOf(
        StoreError.from(new NotFound({ collection: "model", id: "m", message: "Failed to find model" })),
      ),
      {
        status: 404,
        headers: {},
        body: {
          error: {
            root_cause: [{ type: "status_exception", reason: "Failed to find model" }],
            type: "status_exception",
            reason: "Failed to find model",
          },
          status: 404,
        },
      },
    ))

  it("of a platform has the platform's status, text and request id", () => {
    const { status, headers, body } = refused({
      status: 429,
      requestId: "r-1",
      body: "slow down",
      retryAfterMillis: 1_500,
    })
    assert.strictEqual(status, 429)
    assert.deepStrictEqual(headers, { "Retry-After": "2" })
    assert.deepStrictEqual(body, {
      error: {
        root_cause: [{ type: "status_exception", reason: "Error from remote service: slow down" }],
        type: "status_exception",
        reason: "Error from remote service: slow down",
        remote: { status: 429, request_id: "r-1", body: "slow down" },
      },
      status: 429,
    })
  })

  it.each([
    [true, 507],
    [undefined, 500],
  ])("of a database that is full (%s) has its own status", (isFull, status) => {
    const reason = new StorageFailed({ operation: "write", message: "no", ...(isFull === undefined ? {} : { isFull }) })
    assert.strictEqual(OpenSearchError.refusalOf(StoreError.from(reason)).status, status)
  })

  for (const status of [101, 302, 304, 407, 700])
    it(`a platform's ${status} is not passed on as the server's own`, () =>
      assert.strictEqual(refused({ status, body: "" }).status, 502))
})
