/** Credentials that refer to a secret stored elsewhere. */
import { execFileSync } from "node:child_process"
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Answer from "@drawbar/stub-platform/Answer"
import * as Received from "@drawbar/stub-platform/Received"
import * as StubPlatform from "@drawbar/stub-platform/StubPlatform"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import * as Drawbar from "./Drawbar.ts"
import * as InProcess from "./InProcess.ts"

const ml = "/_plugins/_ml"
const environment: Record<string, string> = {
  DRAWBAR_SECRET_COHERE: "from-a-variable",
  HOME: "/home/of-another",
  OTHER_KEY: "not-to-be-read",
}

let folder = ""
let url = ""
let server: InProcess.InProcess
let platform: StubPlatform.StubPlatform

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "drawbar-"))
  await mkdir(join(folder, "secrets"))
  await writeFile(join(folder, "secrets/cohere"), "from-a-file\n")
  await writeFile(join(folder, "outside"), "not-to-be-read")
  await symlink(join(folder, "outside"), join(folder, "secrets/link"))
  await symlink("/dev/zero", join(folder, "secrets/zero"))
  await symlink("link", join(folder, "secrets/link-to-link"))
  await mkdir(join(folder, "secrets/folder"))
  await mkdir(join(folder, "secretsbeside"))
  await writeFile(join(folder, "secretsbeside/key"), "not-to-be-read")
  await writeFile(join(folder, "secrets/huge"), Buffer.alloc(65_537, "x"))
  execFileSync("mkfifo", [join(folder, "secrets/pipe")])
  platform = await StubPlatform.start({
    tls: ["api.cohere.ai"],
    handler: (received) => Answer.json({ was: Received.header(received, "authorization") === "Bearer x" }, 200),
  })
  server = await InProcess.listen({
    connectTo: { "api.cohere.ai:443": `127.0.0.1:${platform.port}` },
    certificateAuthorities: [platform.ca],
    secrets: { environment, folder: join(folder, "secrets") },
  })
  url = server.url
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await platform.close()
  await rm(folder, { recursive: true })
})

const ask = async (method: string, path: string, body?: unknown) => {
  const response = await fetch(url + ml + path, {
    method,
    ...(body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, text, json: JSON.parse(text) }
}

const register = (cohere_key: string) => {
  const [{ post_process_function: _, ...action } = { post_process_function: "" }] = Drawbar.blueprint.actions
  const connector = { ...Drawbar.blueprint, actions: [action], credential: { cohere_key } }
  return ask("POST", "/models/_register", { name: "m", function_name: "remote", connector })
}

const sentKey = () => Received.header(platform.requests.at(-1)!, "authorization")

describe("a credential", () => {
  it.each([
    ["a variable of the operator", "env:DRAWBAR_SECRET_COHERE", "from-a-variable"],
    ["a file of the operator", "file:cohere", "from-a-file"],
  ])("may refer to %s, which is read when the model is deployed", async (_name, reference, secret) => {
    const { json, text } = await register(reference)
    assert.isString(json.model_id, text)
    const answer = await ask("POST", `/models/${json.model_id}/_predict`, { parameters: { texts: ["x"] } })
    assert.strictEqual(answer.status, 200, answer.text)
    assert.strictEqual(sentKey(), `Bearer ${secret}`)
    assert.notInclude((await ask("GET", `/models/${json.model_id}`)).text + answer.text, secret)
  })

  it("is read again by the next deployment", async () => {
    const { json } = await register("env:DRAWBAR_SECRET_COHERE")
    const predict = () => ask("POST", `/models/${json.model_id}/_predict`, { parameters: { texts: ["x"] } })
    await predict()
    environment["DRAWBAR_SECRET_COHERE"] = "renewed"
    await ask("POST", `/models/${json.model_id}/_deploy`)
    await predict()
    assert.strictEqual(sentKey(), "Bearer renewed")
  })

  it.each([
    ["any other variable", "env:OTHER_KEY", "only variables named DRAWBAR_SECRET_"],
    ["the server's home folder", "env:HOME", "only variables named DRAWBAR_SECRET_"],
    ["a variable that is not set", "env:DRAWBAR_SECRET_NONE", "is not set"],
    ["a file outside", "file:../outside", "is outside"],
    ["a link to a file outside", "file:link", "is outside"],
    ["a file by its absolute path", "file:/etc/passwd", "cannot read the server's file"],
    ["the folder itself", "file:.", "is outside"],
    ["a missing file", "file:none", "cannot read the server's file"],
    ["a link to a link to a file outside", "file:link-to-link", "is outside"],
    ["a device", "file:zero", "is outside"],
    ["a file in a folder with the same prefix", "file:../secretsbeside/key", "is outside"],
    ["a folder", "file:folder", "is not a file"],
    ["a pipe", "file:pipe", "is not a file"],
    ["a file too large for a secret", "file:huge", "larger than 65536 bytes"],
    ["an invalid file name", "file:a\0b", "cannot read the server's file"],
    ["a variable without a name", "env:", "only variables named DRAWBAR_SECRET_"],
    ["a name that a prefix hides", "env:DRAWBAR_SECRET_", "is not set"],
    ["Vault", "vault:secret/a#b", "--vault-prefix PATH"],
  ])("cannot refer to %s", async (_name, reference, sentence) => {
    const { status, text } = await register(reference)
    assert.strictEqual(status, 400, text)
    assert.include(text, sentence)
    assert.notInclude(text, "not-to-be-read")
  })
})
