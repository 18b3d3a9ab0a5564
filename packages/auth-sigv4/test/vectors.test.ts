import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as SigV4 from "../src/SigV4.ts"
import * as Reference from "./Reference.ts"

/** The suite has raw targets; on the wire they are percent-encoded, and encoded parts stay unchanged. */
const encode = (target: string) => target.replaceAll(/[^\x21-\x7e]/gu, encodeURIComponent)

const resolveDots = (path: string) => new URL(path.replaceAll(/\/+/g, "/"), "https://host").pathname

const read = (name: string) => {
  const context = Reference.context(name)
  const { method, target, headers, body } = Reference.parse(Reference.text(name, "request"))
  const [, path = "", search = ""] = /^([^?]*)(.*)$/.exec(target) ?? []
  const encoded = encode(path)
  // A path of the suite is encoded once in the canonical form; that of a URL, which is already encoded, is encoded
  // twice.
  const scopePath = context.normalize && encoded === path ? "normalised" : "verbatim"
  const sent = context.normalize && scopePath === "verbatim" ? resolveDots(encoded) : encoded
  const marker = context.sign_body ? [["x-amz-content-sha256", "required"] as const] : []
  const { access_key_id: accessKeyId, secret_access_key: secretAccessKey, token: sessionToken } = context.credentials
  const { region, service } = context
  return {
    request: {
      method,
      url: `https://example.amazonaws.com${sent}${encode(search)}`,
      headers: [...headers, ...marker],
      body,
    } satisfies SigV4.Request,
    credentials: { accessKeyId, secretAccessKey, sessionToken } satisfies SigV4.Credentials,
    scope: {
      region,
      service,
      path: scopePath,
      sessionToken: context.omit_session_token === true ? "appended" : "signed",
    } satisfies SigV4.Scope,
    time: Date.parse(context.timestamp),
    expiresIn: context.expiration_in_seconds,
  }
}

/** Fields as a recipient combines them: RFC 9110 section 5.3. */
const fields = (message: Reference.Message) =>
  Object.fromEntries(
    Map.groupBy(message.headers, ([name]) => name.toLowerCase())
      .entries()
      .map(([name, values]) => [name, values.map(([, value]) => value).join(",")]),
  )

const parameters = (target: string) =>
  [...new URLSearchParams(target.slice(target.indexOf("?")))].map(String).toSorted()

describe.skipIf(!Reference.isPresent)("AWS's 38 vectors (skipped: the suite is not beside the repository)", () => {
  it("are complete", () => {
    assert.lengthOf(Reference.names, 38)
  })

  it.each(Reference.names)("signs the headers of %s like AWS", async (name) => {
    const { request, credentials, scope, time } = read(name)
    const signed = Result.getOrThrow(await SigV4.sign(request, credentials, scope, time))
    const expected = Reference.parse(Reference.text(name, "header-signed-request"))
    assert.include(signed.headers["authorization"], `Signature=${Reference.text(name, "header-signature").trim()}`)
    assert.deepStrictEqual(signed.headers, fields(expected))
    assert.strictEqual(signed.url, request.url)
  })

  it.each(Reference.names)("signs the URL of %s like AWS", async (name) => {
    const { request, credentials, scope, time, expiresIn } = read(name)
    // The suite hashes the body of a presigned request without moving that hash into the query.
    const headers = request.headers.filter(([header]) => header !== "x-amz-content-sha256")
    const signed = Result.getOrThrow(await SigV4.presign({ ...request, headers }, credentials, scope, time, expiresIn))
    const expected = Reference.parse(Reference.text(name, "query-signed-request"))
    assert.strictEqual(
      new URL(signed.url).searchParams.get("X-Amz-Signature"),
      Reference.text(name, "query-signature").trim(),
    )
    assert.deepStrictEqual(parameters(signed.url), parameters(encode(expected.target)))
    assert.deepStrictEqual(signed.headers, fields(expected))
  })
})
