/** Tokens of a trusted issuer, and the audit log of changes. */
import * as Answer from "@drawbar/stub-platform/Answer"
import * as Received from "@drawbar/stub-platform/Received"
import { base64url, exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT } from "jose"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { blueprint, secret } from "./Drawbar.ts"
import * as AuthenticatedServer from "./AuthenticatedServer.ts"

const ml = "/_plugins/_ml"
const issuer = "https://login.example"
const audience = "drawbar"

const search = { query: { match_all: {} } }

describe.each(["a set", "a URL"] as const)("a token with keys given as %s", (way) => {
  let server: AuthenticatedServer.Guarded<"admin">
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
    rsa = await generateKeyPair("RS256", { extractable: true })
    other = await generateKeyPair("RS256")
    const shared = { kty: "oct", k: base64url.encode(new Uint8Array(32)), kid: "shared", alg: "HS256" }
    published = [await publicKey(rsa, "one"), shared]
    server = await AuthenticatedServer.start(
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
    readonly expires?: string | number
    readonly issued?: number
    readonly subject?: string
    readonly key?: Parameters<SignJWT["sign"]>[0]
    readonly algorithm?: string
    readonly kid?: string
    /** Additional members of its header. */
    readonly head?: object
  }
  const token = (made: Made = {}): Promise<string> => {
    const jwt = new SignJWT({ ...claims, ...made.claims })
      .setProtectedHeader({ alg: made.algorithm ?? "RS256", kid: made.kid ?? "one", ...made.head })
      .setIssuer(made.issuer ?? issuer)
      .setAudience(made.audience ?? audience)
      .setIssuedAt(made.issued)
      .setExpirationTime(made.expires ?? "5m")
    const crit = made.head !== undefined && "crit" in made.head ? { crit: { unknown: true } } : {}
    return (made.subject === "" ? jwt : jwt.setSubject(made.subject ?? "alice")).sign(made.key ?? rsa.privateKey, crit)
  }
  const status = async (
    jwt: string,
    method = "POST",
    path = `${ml}/models/_search`,
    body: unknown = search,
  ): Promise<number> => (await AuthenticatedServer.ask(server.url, `Bearer ${jwt}`, method, path, body)).status

  it("grants the roles of its claims, and no others", async () => {
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
    ...[60, 3_600, 1e12].map(
      (ahead) =>
        [
          `that was issued ${ahead} s in the future`,
          () =>
            token({ issued: Math.floor(Date.now() / 1_000) + ahead, expires: Math.floor(Date.now() / 1_000) + 2e12 }),
        ] as const,
    ),
    ["without a subject", () => token({ subject: "" })],
    ["whose subject contains control characters", () => token({ subject: "alice\u009b31m" })],
    ["signed with another key", () => token({ key: other.privateKey })],
    ["with an unknown key", () => token({ key: other.privateKey, kid: "never" })],
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
    ["that is malformed", () => "a.b.c"],
    [
      "with its public key as a shared secret",
      async () => token({ algorithm: "HS256", key: new TextEncoder().encode(await exportSPKI(rsa.publicKey)) }),
    ],
    [
      "with a shared secret that is among the public keys",
      () => token({ algorithm: "HS256", key: new Uint8Array(32), kid: "shared" }),
    ],
    ...["../../etc/passwd", "one' OR '1'='1", "__proto__", "", "one\u0000", "https://evil.example/key"].map(
      (kid) => [`with the key id ${JSON.stringify(kid)}`, () => token({ key: other.privateKey, kid })] as const,
    ),
    ["with its own key", async () => token({ key: other.privateKey, head: { jwk: await publicKey(other, "one") } })],
    ...["jku", "x5u"].map(
      (name) =>
        [
          `that names the location of its key in ${name}`,
          () => token({ key: other.privateKey, kid: "theirs", head: { [name]: "https://evil.example/keys" } }),
        ] as const,
    ),
    ["with an unknown critical extension", () => token({ head: { crit: ["unknown"], unknown: 1 } })],
    ["that is not valid yet", () => token({ claims: { nbf: Math.floor(Date.now() / 1_000) + 3_600 } })],
    [
      "with its algorithm changed to none",
      async () => {
        const [, payload = ""] = (await token()).split(".")
        return `${base64url.encode(JSON.stringify({ alg: "none", kid: "one" }))}.${payload}.`
      },
    ],
    [
      "that was modified",
      async () =>
        (await token()).replace(
          /\.[^.]+\./,
          `.${btoa(JSON.stringify({ sub: "root", groups: ["ml-developers"] })).replaceAll("=", "")}.`,
        ),
    ],
  ]

  it.each(worthless)("%s grants nothing", async (_, make) => {
    assert.strictEqual(await status(await make()), 401)
  })

  it("is verified only with the operator's keys", () => {
    const requested = server.platform.requests.map(Received.path)
    assert.deepStrictEqual([...new Set(requested)], way === "a URL" ? ["/keys"] : [])
  })

  it("without a mapped role is rejected with the missing permission", async () => {
    assert.strictEqual(await status(await token({ claims: { groups: ["toString", "__proto__", "staff"] } })), 403)
  })

  if (way === "a URL")
    it("fetches keys once, not for every unknown key id", async () => {
      const before = fetches
      for (let round = 0; round < 20; round++) await status(await token({ key: other.privateKey, kid: `k${round}` }))
      assert.isAtMost(fetches - before, 1)
      assert.isAtLeast(fetches, 1)
    })
})

describe("tokens of an unreachable issuer", () => {
  it("are rejected immediately if its keys were never fetched, without a request for each", async () => {
    let fetches = 0
    await using server = await AuthenticatedServer.start(
      { admin: { roles: ["admin"] } },
      {
        hosts: ["login.example"],
        handler: () => {
          fetches += 1
          return Answer.text("away", 503)
        },
        jwt: { issuer, audience, jwks: `${issuer}/keys`, roles: {} },
      },
    )
    const statuses = await Promise.all(
      Array.from({ length: 20 }, () => AuthenticatedServer.ask(server.url, "Bearer a.b.c", "GET", `${ml}/stats`)),
    )
    assert.deepStrictEqual([...new Set(statuses.map(({ status }) => status))], [401])
    assert.strictEqual(fetches, 1)
  })
})

describe("the audit log", () => {
  it("contains changes and rejected requests, and no secret", async () => {
    const lines: Array<string> = []
    await using server = await AuthenticatedServer.start(
      { admin: { roles: ["admin"] }, app: { roles: ["application"] } },
      { auditLog: (line) => void lines.push(line) },
    )
    const created = await server.as("admin", "POST", `${ml}/connectors/_create`, blueprint)
    const { connector_id } = created.json
    await server.as("admin", "GET", `${ml}/connectors/${connector_id}`)
    await server.as("app", "DELETE", `${ml}/connectors/${connector_id}`)
    await AuthenticatedServer.ask(server.url, `Bearer ${"wrong"}`, "POST", `${ml}/models/_search`, search)
    await server.as("admin", "POST", `${ml}/connectors/_create`, { ...blueprint, protocol: "gopher" })
    await server.as("admin", "DELETE", `${ml}/connectors/${connector_id}`)
    const reported = lines.map((line) => JSON.parse(line))
    const admin = { kind: "api_key", name: "admin" }
    assert.deepStrictEqual(
      reported.map(({ who, method, route, object, outcome, status }) => ({
        who,
        method,
        route,
        object,
        outcome,
        status,
      })),
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
    for (const { time, id } of reported) {
      assert.match(time, /^\d{4}-\d\d-\d\dT/)
      assert.isNotEmpty(id)
    }
    assert.notInclude(lines.join(), secret)
  })

  it("contains failed and throttled logins by the given name", async () => {
    const lines: Array<string> = []
    await using server = await AuthenticatedServer.start(
      { admin: { roles: ["admin"] }, metered: { roles: ["application"], quota: { requests_per_minute: 1 } } },
      { auditLog: (line) => void lines.push(line), handler: () => Answer.json({}, 401) },
    )
    const made = await server.as("admin", "POST", `${ml}/models/_register`, {
      name: "m",
      function_name: "remote",
      connector: blueprint,
    })
    const path = `${ml}/models/${made.json.model_id}/_predict`
    const body = { parameters: { texts: ["a prompt"] } }
    await server.as("metered", "POST", path, body)
    await server.as("metered", "POST", path, body)
    const wrong = `Basic ${btoa("mallory:a-wrong-password")}`
    for (let times = 0; times < 6; times++) await AuthenticatedServer.ask(server.url, wrong, "POST", path, body)
    const reported = lines.map((line) => JSON.parse(line)).filter(({ route }) => route.endsWith("_predict"))
    assert.deepStrictEqual(
      reported.map(({ who, claimed, outcome, status }) => [who?.name ?? null, claimed, outcome, status]),
      [
        // The upstream's response to its key does not count as a failed login.
        ["metered", undefined, "limited", 429],
        ...Array.from({ length: 5 }, () => [null, "mallory", "denied", 401]),
        [null, "mallory", "limited", 429],
      ],
    )
    assert.deepStrictEqual([...new Set(reported.map(({ object }) => object.model_id))], [made.json.model_id])
    for (const text of ["a-wrong-password", "a prompt", secret]) assert.notInclude(lines.join(), text)
  })
})
