/** Credentials that refer to secrets in HashiCorp Vault. */
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Answer from "@drawbar/stub-platform/Answer"
import * as Received from "@drawbar/stub-platform/Received"
import * as StubPlatform from "@drawbar/stub-platform/StubPlatform"
import { Result } from "effect"
import { assert, describe, it } from "vitest"
import * as Vault from "../src/secrets/Vault.ts"
import * as Drawbar from "./Drawbar.ts"
import { ask } from "./AuthenticatedServer.ts"
import * as InProcess from "./InProcess.ts"

const ml = "/_plugins/_ml"
const token = "hvs.the-token-of-the-server"
const key = "the-key-that-vault-keeps"

const kept: Readonly<Record<string, unknown>> = {
  "/v1/secret/data/drawbar/cohere": { key, number: 1 },
  "/v1/secret/data/other": { key },
}

const start = async ({
  prefix = "secret/drawbar",
  answer,
}: { readonly prefix?: string | undefined; readonly answer?: Answer.Answer } = {}) => {
  const folder = await mkdtemp(join(tmpdir(), "drawbar-"))
  await writeFile(join(folder, "token"), `${token}\n`)
  const vault = await StubPlatform.start({
    handler: (received) => {
      if (answer !== undefined) return answer
      if (Received.header(received, "x-vault-token") !== token)
        return Answer.json({ errors: ["permission denied"] }, 403)
      const data = kept[received.target]
      return data === undefined
        ? Answer.json({ errors: [] }, 404)
        : Answer.json({ data: { data, metadata: { version: 1 } } })
    },
  })
  const platform = await StubPlatform.start({
    tls: ["api.cohere.ai"],
    handler: (received) => Answer.json({ right: Received.header(received, "authorization") === `Bearer ${key}` }),
  })
  const environment = { VAULT_ADDR: vault.origin, VAULT_TOKEN_FILE: join(folder, "token"), VAULT_NAMESPACE: "team" }
  const server = await InProcess.listen({
    connectTo: { "api.cohere.ai:443": `127.0.0.1:${platform.port}` },
    certificateAuthorities: [platform.ca],
    secrets: { environment, vault: Result.getOrThrow(Vault.read(prefix, environment)) },
  })
  const { url } = server
  const [{ post_process_function: _, ...action } = { post_process_function: "" }] = Drawbar.blueprint.actions
  return {
    vault,
    folder,
    register: (cohere_key: string) =>
      ask(url, undefined, "POST", `${ml}/models/_register`, {
        name: "m",
        function_name: "remote",
        connector: { ...Drawbar.blueprint, actions: [action], credential: { cohere_key } },
      }),
    predict: (id: string) =>
      ask(url, undefined, "POST", `${ml}/models/${id}/_predict`, { parameters: { texts: ["x"] } }),
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]()
      await platform.close()
      await vault.close()
      await rm(folder, { recursive: true })
    },
  }
}

describe("a credential", () => {
  it("may refer to a secret below the operator's path", async () => {
    await using server = await start()
    const { json, text } = await server.register("vault:secret/drawbar/cohere#key")
    assert.isString(json.model_id, text)
    const answer = await server.predict(json.model_id)
    assert.deepStrictEqual(answer.json.inference_results[0].output[0].dataAsMap, { right: true }, answer.text)
    const [requested] = server.vault.requests
    assert.strictEqual(`${requested?.method} ${requested?.target}`, "GET /v1/secret/data/drawbar/cohere")
    assert.strictEqual(Received.header(requested!, "x-vault-namespace"), "team")
    const count = server.vault.requests.length
    await server.predict(json.model_id)
    assert.strictEqual(server.vault.requests.length, count)
  })

  const below = "only secrets below secret/drawbar/"
  it.each([
    ["a path elsewhere", "vault:secret/other#key", below],
    ["a path with the same prefix", "vault:secret/drawbarn/cohere#key", below],
    ["the path itself", "vault:secret/drawbar#key", below],
    ["a way up", "vault:secret/drawbar/../other#key", below],
    ["an encoded way up", "vault:secret/drawbar/%2e%2e/other#key", below],
    ["a query", "vault:secret/drawbar/cohere?version=1#key", below],
    ["another mount", "vault:sys/drawbar/cohere#key", below],
    ["an empty segment", "vault:secret/drawbar//cohere#key", below],
    ["no field", "vault:secret/drawbar/cohere", "does not have the form vault:PATH#FIELD"],
    ["nothing", "vault:", "does not have the form vault:PATH#FIELD"],
    ["a missing secret", "vault:secret/drawbar/none#key", "Vault has no secret at secret/drawbar/none"],
    ["a missing field", "vault:secret/drawbar/cohere#none", "has no text field none"],
    ["a field that contains an object", "vault:secret/drawbar/cohere#__proto__", "has no text field __proto__"],
    ["a number", "vault:secret/drawbar/cohere#number", "has no text field number"],
  ])("cannot refer to %s", async (_, reference, expectedText) => {
    await using server = await start()
    const { status, text } = await server.register(reference)
    assert.strictEqual(status, 400, text)
    assert.include(text, expectedText)
    assert.notInclude(text, token)
    assert.notInclude(text, key)
    if (expectedText === below) assert.strictEqual(server.vault.requests.length, 0)
  })

  it.each([
    ["denies access", Answer.json({ errors: ["permission denied"] }, 403), "Vault does not allow this server to read"],
    ["is sealed", Answer.json({ errors: ["Vault is sealed"] }, 503), "Vault returned status 503"],
    ["is on standby", Answer.redirect("http://127.0.0.1:1/"), "Vault returned status 302"],
    ["closes the connection", Answer.reset, "the request to Vault failed"],
    ["returns another format", Answer.html(200), "has no text field key"],
  ])("reports that Vault %s", async (_, answer, expectedText) => {
    await using server = await start({ answer })
    const { status, text } = await server.register("vault:secret/drawbar/cohere#key")
    assert.strictEqual(status, 400, text)
    assert.include(text, expectedText)
    assert.notInclude(text, token)
  })

  it("cannot refer to Vault if the operator allows no path", async () => {
    await using server = await start({ prefix: "" })
    const { status, text } = await server.register("vault:secret/drawbar/cohere#key")
    assert.strictEqual(status, 400)
    assert.include(text, "--vault-prefix PATH")
    assert.strictEqual(server.vault.requests.length, 0)
  })
})
