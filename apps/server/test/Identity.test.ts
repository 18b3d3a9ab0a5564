/** Tokens of an issuer whom the operator trusts, and the log of who changed what. */
import * as Answer from "@drawbar/stub-platform/Answer"
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from "jose"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { blueprint, secret } from "./Drawbar.ts"
import * as Guarded from "./Guarded.ts"

const ml = "/_plugins/_ml"
const issuer = "https://login.example"
const audience = "drawbar"

const search = { query: { match_all: {} } }

describe.each(["a set", "a URL"] as const)("a token whose keys are given as %s", (way) => {
  let server: Guarded.Guarded<"admin">
  let rsa: Awaited<ReturnType<typeof generateKeyPair>>
  let other: Awaited<ReturnType<typeof generateKeyPair>>
  let published: Array<object> = []
  let fetches = 0

  const publicKey = async ({ publicKey: key }: typeof rsa, kid: string) => ({
    ...(await exportJWK(key)),
    kid,
    use: "sig",
  })

  beforeAll(async () => {
    rsa = await generateKeyPair("RS256")
    other = await generateKeyPair("RS256")
    published = [await publicKey(rsa, "one")]
    server = await Guarded.start(
      { admin: { roles: ["admin"] } },
      {
        hosts: ["login.example"],
        handler: () => {
          fetches += 1
          return Answer.json({ keys: published })
        },
        jwt: {
          issuer,
          audience,
          jwks: way === "a URL" ? `${issuer}/keys` : { keys: published as never },
          roles_claim: "groups",
          roles: { "ml-developers": ["developer"], "ml-readers": ["reader"] },
          backend_roles_claim: "groups",
        },
      },
    )
  })
  afterAll(() => server[Symbol.asyncDispose]())

  const claims = { groups: ["ml-developers", "staff"] }
  interface Made {
    readonly claims?: object
    readonly issuer?: string
    readonly audience?: string
    readonly expires?: string
    readonly subject?: string
    readonly key?: Parameters<SignJWT["sign"]>[0]
    readonly algorithm?: string
    readonly kid?: string
  }
  const token = (made: Made = {}): Promise<string> => {
    const jwt = new SignJWT({ ...claims, ...made.claims })
      .setProtectedHeader({ alg: made.algorithm ?? "RS256", kid: made.kid ?? "one" })
      .setIssuer(made.issuer ?? issuer)
      .setAudience(made.audience ?? audience)
      .setIssuedAt()
      .setExpirationTime(made.expires ?? "5m")
    return (made.subject === "" ? jwt : jwt.setSubject(made.subject ?? "alice")).sign(made.key ?? rsa.privateKey)
  }
  const status = async (
    jwt: string,
    method = "POST",
    path = `${ml}/models/_search`,
    body: unknown = search,
  ): Promise<number> => (await Guarded.ask(server.url, `Bearer ${jwt}`, method, path, body)).status

  it("opens what its claims' roles open, and no more", async () => {
    assert.strictEqual(await status(await token()), 200)
    assert.strictEqual(await status(await token(), "PUT", "/_cluster/settings", {}), 403)
    const reader = await token({ claims: { groups: ["ml-readers"] } })
    assert.strictEqual(await status(reader), 200)
    assert.strictEqual(await status(reader, "POST", `${ml}/connectors/_create`, blueprint), 403)
  })

  const worthless: ReadonlyArray<readonly [string, () => string | Promise<string>]> = [
    ["of another issuer", () => token({ issuer: "https://evil.example" })],
    ["for another program", () => token({ audience: "another" })],
    ["that has expired", () => token({ expires: "-1m" })],
    ["that names nobody", () => token({ subject: "" })],
    ["signed by somebody else", () => token({ key: other.privateKey })],
    ["whose key nobody knows", () => token({ key: other.privateKey, kid: "never" })],
    ["with a shared secret", () => token({ algorithm: "HS256", key: new Uint8Array(32) })],
    [
      "without a signature",
      () =>
        new UnsecuredJWT({ ...claims, sub: "alice" })
          .setIssuer(issuer)
          .setAudience(audience)
          .setIssuedAt()
          .setExpirationTime("5m")
          .encode(),
    ],
    ["that is none", () => "a.b.c"],
    [
      "that was changed",
      async () =>
        (await token()).replace(
          /\.[^.]+\./,
          `.${btoa(JSON.stringify({ sub: "root", groups: ["ml-developers"] })).replaceAll("=", "")}.`,
        ),
    ],
  ]

  it.each(worthless)("%s opens nothing", async (_, make) => {
    assert.strictEqual(await status(await make()), 401)
  })

  it("without a role that the table has is refused by name of what it lacks", async () => {
    assert.strictEqual(await status(await token({ claims: { groups: ["toString", "__proto__", "staff"] } })), 403)
  })

  if (way === "a URL")
    it("is looked up once, and not for every key that somebody makes up", async () => {
      const before = fetches
      for (let round = 0; round < 20; round++) await status(await token({ key: other.privateKey, kid: `k${round}` }))
      assert.isAtMost(fetches - before, 1)
      assert.isAtLeast(fetches, 1)
    })
})

describe("the audit log", () => {
  it("has who changed what, and who was turned away, and no secret", async () => {
    const lines: Array<string> = []
    await using server = await Guarded.start(
      { admin: { roles: ["admin"] }, app: { roles: ["application"] } },
      { auditLog: (line) => void lines.push(line) },
    )
    const created = await server.as("admin", "POST", `${ml}/connectors/_create`, blueprint)
    const { connector_id } = created.json
    await server.as("admin", "GET", `${ml}/connectors/${connector_id}`)
    await server.as("app", "DELETE", `${ml}/connectors/${connector_id}`)
    await Guarded.ask(server.url, `Bearer ${"wrong"}`, "POST", `${ml}/models/_search`, search)
    await server.as("admin", "POST", `${ml}/connectors/_create`, { ...blueprint, protocol: "gopher" })
    await server.as("admin", "DELETE", `${ml}/connectors/${connector_id}`)
    const told = lines.map((line) => JSON.parse(line))
    const admin = { kind: "api_key", name: "admin" }
    assert.deepStrictEqual(
      told.map(({ who, method, route, object, outcome, status }) => ({ who, method, route, object, outcome, status })),
      [
        {
          who: admin,
          method: "POST",
          route: `${ml}/connectors/_create`,
          object: { connector_id },
          outcome: "done",
          status: 200,
        },
        {
          who: { kind: "api_key", name: "app" },
          method: "DELETE",
          route: `${ml}/connectors/:connector_id`,
          object: { connector_id },
          outcome: "denied",
          status: 403,
        },
        { who: null, method: "POST", route: `${ml}/models/_search`, object: {}, outcome: "denied", status: 401 },
        { who: admin, method: "POST", route: `${ml}/connectors/_create`, object: {}, outcome: "failed", status: 400 },
        {
          who: admin,
          method: "DELETE",
          route: `${ml}/connectors/:connector_id`,
          object: { connector_id },
          outcome: "done",
          status: 200,
        },
      ],
    )
    for (const { time, id } of told) {
      assert.match(time, /^\d{4}-\d\d-\d\dT/)
      assert.isNotEmpty(id)
    }
    assert.notInclude(lines.join(), secret)
  })
})
