/**
 * Limits on what connectors may do with an identity or a secret that is not their own: services that return keys are
 * blocked, and roles and hosts must be allowed.
 */
import { mkdtemp, mkdir, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Answer from "@drawbar/stub-platform/Answer"
import * as Received from "@drawbar/stub-platform/Received"
import * as StubPlatform from "@drawbar/stub-platform/StubPlatform"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import type { StartOptions } from "../src/options/StartOptions.ts"
import { ask } from "./AuthenticatedServer.ts"
import * as InProcess from "./InProcess.ts"

const ml = "/_plugins/_ml"
const environment = {
  AWS_ACCESS_KEY_ID: "AKIDOWN",
  AWS_SECRET_ACCESS_KEY: "the-servers-own-secret",
  DRAWBAR_SECRET_BOUND: "sk-of-the-operator-1",
  DRAWBAR_SECRET_FREE: "sk-of-the-operator-2",
}
const hosts = [
  "own.example",
  "eu.models.example",
  "evil.example",
  "sts.us-east-1.amazonaws.com",
  "sts-fips.us-east-1.amazonaws.com",
  "bedrock-runtime.us-east-1.amazonaws.com",
  "api.ecr.us-east-1.amazonaws.com",
]
const role = (name: string) => `arn:aws:iam::123456789012:role/${name}`

let platform: StubPlatform.StubPlatform
beforeAll(async () => {
  const keys = { AccessKeyId: "ASIAROLE", SecretAccessKey: "roles-secret", SessionToken: "roles-token" }
  platform = await StubPlatform.start({
    tls: hosts,
    handler: (received) =>
      received.text.startsWith("Action=")
        ? Answer.json({ Credentials: { ...keys, Expiration: new Date(Date.now() + 3_600_000).toISOString() } })
        : Answer.json({ ok: 1 }),
  })
})
afterAll(() => platform.close())

const start = (options: Partial<StartOptions>) =>
  InProcess.listen({
    connectTo: Object.fromEntries(hosts.map((host) => [`${host}:443`, `127.0.0.1:${platform.port}`])),
    certificateAuthorities: [platform.ca],
    settings: { "plugins.ml_commons.trusted_connector_endpoints_regex": ["^https://.*$"] },
    ...options,
  })

const register = (url: string, connector: object) =>
  ask(url, undefined, "POST", `${ml}/models/_register`, {
    name: "m",
    function_name: "remote",
    connector: { name: "c", version: 1, protocol: "http", ...connector },
  })
const predict = (url: string, id: string) =>
  ask(url, undefined, "POST", `${ml}/models/${id}/_predict`, { parameters: { x: "1" } })
const calling = (host: string, headers: object = {}) => [
  { action_type: "predict", method: "POST", url: `https://${host}/v1`, headers, request_body: "{}" },
]

const identities = {
  "a roleArn": { credential: { roleArn: role("models") }, parameters: {} },
  "the server's own identity": { credential: {}, parameters: { aws_identity: "server" } },
} as const
const signing = (identity: keyof typeof identities, service_name: string, host: string) => ({
  protocol: "aws_sigv4",
  credential: identities[identity].credential,
  parameters: { ...identities[identity].parameters, region: "us-east-1", service_name },
  actions: calling(host),
})

describe("a connector with a borrowed identity", () => {
  const bedrock = "bedrock-runtime.us-east-1.amazonaws.com"
  // Blocked even if an operator allows the service by a way other than the flag.
  const services = [
    "sts",
    "STS",
    "iam",
    "sso",
    "cognito-identity",
    "secretsmanager",
    "ssm",
    "kms",
    "ecr",
    "codeartifact",
  ]
  const cells = (Object.keys(identities) as Array<keyof typeof identities>).flatMap((identity) => [
    { identity, service: "bedrock", host: "sts.us-east-1.amazonaws.com", closed: true },
    { identity, service: "bedrock", host: "sts-fips.us-east-1.amazonaws.com", closed: true },
    { identity, service: "bedrock", host: "api.ecr.us-east-1.amazonaws.com", closed: true },
    { identity, service: "bedrock", host: bedrock, closed: false },
  ])
  for (const service of services)
    for (const identity of Object.keys(identities) as Array<keyof typeof identities>)
      cells.push({ identity, service, host: bedrock, closed: true })

  it.each(cells)(
    "using $identity for $service at $host is rejected: $closed",
    async ({ identity, service, host, closed }) => {
      const signFor = [...services, "bedrock"]
      await using server = await start({ aws: { credentials: "env", environment, signFor } })
      const count = platform.requests.length
      const made = await register(server.url, signing(identity, service, host))
      assert.strictEqual(made.status, closed ? 400 : 200, made.text)
      if (closed) assert.include(made.text, "gives out keys or secrets")
      else assert.strictEqual((await predict(server.url, made.json.model_id)).status, 200)
      if (closed) assert.strictEqual(platform.requests.length, count)
    },
  )

  it("may call such a service with its own keys", async () => {
    await using server = await start({ aws: { credentials: "env", environment } })
    const made = await register(server.url, {
      ...signing("a roleArn", "sts", "sts.us-east-1.amazonaws.com"),
      credential: { access_key: "AKIDTHEIRS", secret_key: "their-own-secret" },
    })
    assert.strictEqual(made.status, 200, made.text)
    assert.strictEqual((await predict(server.url, made.json.model_id)).status, 200)
  })

  it.each([
    ["models", true],
    ["teams/search", true],
    ["admin", false],
    ["models-too", false],
  ] as const)("assumes the role %s if the operator allows others: %s", async (name, may) => {
    const roles = [role("models"), role("teams/*")]
    await using server = await start({ aws: { credentials: "env", environment, roles } })
    const count = platform.requests.length
    const made = await register(server.url, {
      ...signing("a roleArn", "bedrock", bedrock),
      credential: { roleArn: role(name) },
    })
    assert.strictEqual(made.status, may ? 200 : 400, made.text)
    if (may) assert.strictEqual((await predict(server.url, made.json.model_id)).status, 200)
    else {
      assert.include(made.text, "--aws-role")
      assert.strictEqual(platform.requests.length, count)
    }
  })
})

describe("an operator's secret", () => {
  const bound = [
    { reference: "env:DRAWBAR_SECRET_BOUND", host: "own.example" },
    { reference: "env:DRAWBAR_SECRET_BOUND", host: "*.models.example" },
    { reference: "file:team-*", host: "own.example" },
  ]

  it.each([
    ["env:DRAWBAR_SECRET_BOUND", "own.example", true],
    ["env:DRAWBAR_SECRET_BOUND", "eu.models.example", true],
    ["env:DRAWBAR_SECRET_BOUND", "evil.example", false],
    ["env:DRAWBAR_SECRET_BOUND", "own.example:444", false],
    ["env:DRAWBAR_SECRET_FREE", "evil.example", true],
    ["file:team-a", "own.example", true],
    ["file:team-a", "evil.example", false],
    ["file:other", "evil.example", true],
  ] as const)("%s is sent to %s: %s", async (reference, host, may) => {
    const folder = await mkdtemp(join(tmpdir(), "drawbar-"))
    for (const name of ["team-a", "other"]) await writeFile(join(folder, name), `sk-of-the-operator-${name}`)
    await using server = await start({ secrets: { environment, folder, hosts: bound } })
    const connector = (at: string) => ({
      credential: { key: reference },
      actions: calling(at, { Authorization: "Bearer ${credential.key}" }),
    })
    const made = await register(server.url, connector(host))
    assert.strictEqual(made.status, may ? 200 : 400, made.text)
    if (!may) assert.include(made.text, `does not let ${reference} be sent to https://${host}`)
    if (!may) {
      // The same holds for an update of an allowed connector, and for a token issuer.
      const good = await register(server.url, connector("own.example"))
      const path = `${ml}/models/${good.json.model_id}`
      for (const change of [
        { actions: calling(host, {}) },
        { parameters: { oauth2_token_url: `https://${host}/token` } },
      ])
        assert.strictEqual((await ask(server.url, undefined, "PUT", path, { connector: change })).status, 400)
      assert.strictEqual((await predict(server.url, good.json.model_id)).status, 200)
    }
    await rm(folder, { recursive: true })
    for (const received of platform.requests)
      if (Received.header(received, "host") === "evil.example")
        assert.notInclude(Received.header(received, "authorization") ?? "", "sk-of-the-operator-1")
  })
})

describe("a file outside the folder of secrets", () => {
  it("is rejected with the same message whether it exists or not, in every notation", async () => {
    const folder = await mkdtemp(join(tmpdir(), "drawbar-"))
    await mkdir(join(folder, "secrets/inner"), { recursive: true })
    await mkdir(join(folder, "outside"))
    await writeFile(join(folder, "outside/there"), "x")
    await symlink(join(folder, "outside"), join(folder, "secrets/link"))
    await symlink("../outside/there", join(folder, "secrets/to-there"))
    await symlink("../outside/none", join(folder, "secrets/to-none"))
    await symlink("loop", join(folder, "secrets/loop"))
    await symlink("inner", join(folder, "secrets/linked-inner"))
    await writeFile(join(folder, "secrets/inner/key"), "sk-in-a-folder-1")
    await using server = await start({ secrets: { environment, folder: join(folder, "secrets") } })
    const output = async (name: string) => {
      const { status, text } = await register(server.url, {
        credential: { key: `file:${name}` },
        actions: calling("own.example", { Authorization: "${credential.key}" }),
      })
      return status === 200 ? "read" : text.replaceAll(name, "NAME")
    }
    for (const [there, none] of [
      ["../outside/there", "../outside/none"],
      ["inner/../../outside/there", "inner/../../outside/none"],
      ["link/there", "link/none"],
      ["linked-inner/../../outside/there", "linked-inner/../../outside/none"],
      ["to-there", "to-none"],
      ["../outside", "../absent"],
    ] as const) {
      assert.strictEqual(await output(there), await output(none), there)
      assert.include(await output(there), "is outside the server's folder of secrets")
    }
    assert.include(await output("loop"), "is outside")
    assert.strictEqual(await output("linked-inner/key"), "read")
    assert.strictEqual(await output("inner/../inner/key"), "read")
    await rm(folder, { recursive: true })
  })
})
