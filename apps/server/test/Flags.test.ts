import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { version } from "@drawbar/http-api/routes/Version"
import * as Flags from "../src/options/Flags.ts"
import * as FlagTable from "../src/options/FlagTable.ts"
import * as ServeCommand from "../src/options/ServeCommand.ts"
import * as UnknownVariables from "../src/options/UnknownVariables.ts"

const read = (args: ReadonlyArray<string>, environment = {}) => Result.getOrThrow(Flags.read(args, environment))

describe("the flags", () => {
  it("have defaults", () =>
    assert.deepStrictEqual(read([]), {
      host: "127.0.0.1",
      port: 9200,
      workers: 1,
      data: "./data",
      keyring: "data/keyring.json",
      settings: undefined,
      connectTo: {},
      caFiles: [],
      allowedHosts: [],
      logsRequests: true,
      warmsUp: true,
      auth: false,
      awsCredentials: undefined,
      awsSignFor: [],
      awsSecrets: [],
      vault: undefined,
      secrets: undefined,
      jwt: undefined,
      audit: undefined,
      allowUnverifiedTls: false,
      proxy: undefined,
      otlp: undefined,
      tls: undefined,
    }))

  it("take precedence over the environment, which takes precedence over the defaults", () => {
    const flags = read(["--port", "1"], { DRAWBAR_PORT: "2", DRAWBAR_DATA: "/d" })
    assert.deepStrictEqual([flags.port, flags.data, flags.keyring], [1, "/d", "/d/keyring.json"])
  })

  it("allow other addresses only with authentication and TLS", () => {
    const tls = ["--tls-cert", "a", "--tls-key", "b"]
    assert.strictEqual(read(["--host", "0.0.0.0", "--auth", "on", ...tls]).host, "0.0.0.0")
    assert.strictEqual(read(["--host", "10.0.0.7", "--auth", "on", "--behind-proxy"]).host, "10.0.0.7")
    assert.strictEqual(read(["--host", "::"], { DRAWBAR_AUTH: "on", DRAWBAR_BEHIND_PROXY: "on" }).host, "::")
  })

  it("that repeat are lists, separated by commas in the environment", () => {
    const connectTo = { "a.example:443": "127.0.0.1:1", "[::2]:80": "[::1]:2" }
    assert.deepStrictEqual(
      read(["--connect-to", "a.example:443:127.0.0.1:1", "--connect-to", "[::2]:80:[::1]:2"]).connectTo,
      connectTo,
    )
    assert.deepStrictEqual(
      read([], { DRAWBAR_CONNECT_TO: "a.example:443:127.0.0.1:1, [::2]:80:[::1]:2" }).connectTo,
      connectTo,
    )
    assert.deepStrictEqual(read(["--ca-file", "a", "--ca-file", "b"]).caFiles, ["a", "b"])
    assert.deepStrictEqual(read([], { DRAWBAR_ALLOW_HOST: "a:1,b:2" }).allowedHosts, ["a:1", "b:2"])
  })

  it("that are set to an empty text are not set", () => {
    const empty = { DRAWBAR_PORT: "", DRAWBAR_SETTINGS: "", DRAWBAR_BEHIND_PROXY: "", DRAWBAR_CA_FILE: "" }
    assert.deepStrictEqual(read([], empty), read([]))
  })

  const refused: ReadonlyArray<readonly [args: ReadonlyArray<string>, expectedText: string]> = [
    [["--prot", "1"], "--prot"],
    [["serve"], "serve"],
    [["--port", "70000"], "0 to 65535"],
    [["--port", "x"], "0 to 65535"],
    [["--host", "0.0.0.0"], "--host 127.0.0.1"],
    [["--host", "0.0.0.0", "--auth", "on"], "--tls-cert"],
    [["--host", "0.0.0.0", "--tls-cert", "a", "--tls-key", "b"], "--auth on"],
    [["--tls-cert", "a"], "must be used together"],
    [["--aws-credentials", "env"], "AWS_ACCESS_KEY_ID"],
    [["--aws-credentials", "all"], "must be off, env or default"],
    [["--google-credentials", "on"], "must be one of [off, file, metadata]"],
    [["--aws-sign-for", "bedrock"], "add --aws-credentials"],
    [["--aws-credentials", "default", "--aws-sign-for", "sts"], "would allow connectors to fetch keys"],
    [["--aws-credentials", "default", "--aws-sign-for", "a b"], "signing name"],
    [["--aws-secret", "arn:aws:secretsmanager:us-east-1:123456789012:secret:a"], "add --aws-credentials"],
    [["--aws-credentials", "default", "--aws-secret", "*"], "arn:aws:secretsmanager"],
    [["--aws-credentials", "default", "--aws-sign-for", "ecr"], "would allow connectors to fetch keys"],
    [["--aws-role", "arn:aws:iam::123456789012:role/a"], "add --aws-credentials"],
    [["--aws-credentials", "default", "--aws-role", "*"], "arn:aws:iam"],
    [["--bind-secret", "DRAWBAR_SECRET_A=a.example"], "REFERENCE=HOST"],
    [["--bind-secret", "env:DRAWBAR_SECRET_A=https://a.example/"], "REFERENCE=HOST"],
    [["--bind-secret", "env:DRAWBAR_*_A=a.example"], "REFERENCE=HOST"],
    [["--audit-required"], "add --audit FILE"],
    [["--vault-prefix", "secret/drawbar"], "VAULT_ADDR"],
    [["--vault-prefix", "secret/../auth"], "must be a path"],
    [["--auth", "yes"], "--auth yes must be on or off"],
    [["--host", "::"], "--host 127.0.0.1"],
    [["--host", "127.0.0.1.evil.example"], "--host 127.0.0.1"],
    [["--allow-host", "a b"], "HOST:PORT"],
    [["--allow-host", "http://a"], "HOST:PORT"],
    [["--connect-to", "a:1"], "HOST:PORT:ADDRESS:PORT"],
    [["--connect-to", "a:1:localhost:2"], "HOST:PORT:ADDRESS:PORT"],
  ]
  for (const [args, expectedText] of refused)
    it(`${args.join(" ")} is rejected`, () => {
      const outcome = Flags.read(args, {})
      assert.include(Result.isFailure(outcome) ? outcome.failure : "no error", expectedText)
    })

  it("that are switched by a variable must be on or off", () => {
    for (const name of ["DRAWBAR_BEHIND_PROXY", "DRAWBAR_ALLOW_UNVERIFIED_TLS"])
      assert.deepStrictEqual(Flags.read([], { [name]: "true" }), Result.fail(`${name} true must be on or off.`))
  })
})

const invalid = (args: ReadonlyArray<string>) => {
  const parsed = ServeCommand.parse(args)
  return parsed._tag === "Invalid" ? parsed.text : assert.fail(parsed._tag)
}

describe("the command line of the server", () => {
  it.each([
    [["--prot", "1"], "drawbar: unknown flag --prot, did you mean --port?"],
    [["extra"], "extra"],
    [["--port"], "--port"],
  ])("%j is rejected, the problem first", (args, problem) => {
    const [first = "", ...rest] = invalid(args).split("\n")
    assert.include(first, problem)
    assert.deepStrictEqual(rest, ["Usage: drawbar serve [flags]", "Run `drawbar serve --help` for all flags."])
  })

  it.each(["--help", "-h"])("%s shows every flag with its variable and its default", (flag) => {
    const parsed = ServeCommand.parse([flag])
    const text = parsed._tag === "Shown" ? parsed.text : ""
    for (const [name] of FlagTable.rows) assert.include(text, `--${name}`)
    assert.match(text, /--port PORT [^]*?\[DRAWBAR_PORT,\s+default\s+9200\]/)
  })

  it("--version shows the version", () =>
    assert.deepStrictEqual(ServeCommand.parse(["--version"]), { _tag: "Shown", text: `drawbar ${version}` }))

  it.each([
    [{ DRAWBAR_PORT: "x" }, "DRAWBAR_PORT x must be a number"],
    [{ DRAWBAR_LOG: "of" }, "DRAWBAR_LOG of must be on or off. Did you mean off?"],
    [{ DRAWBAR_CONNECT_TO: "a:1" }, "DRAWBAR_CONNECT_TO a:1 must have the form"],
    [{ DRAWBAR_GOOGLE_CREDENTIALS: "metadate" }, "Did you mean metadata?"],
  ])("names the variable of %j", (environment, problem) => {
    const outcome = Flags.read([], environment)
    assert.include(Result.isFailure(outcome) ? outcome.failure : "no error", problem)
  })

  it("names the flag where both are given", () => {
    const outcome = Flags.read(["--port", "y"], { DRAWBAR_PORT: "1" })
    assert.include(Result.isFailure(outcome) ? outcome.failure : "no error", "--port y")
  })

  it("warns of variables that have no effect, without their values", () => {
    const known = { DRAWBAR_PORT: "1", DRAWBAR_URL: "x", DRAWBAR_SECRET_A: "x", PATH: "x" }
    assert.deepStrictEqual(UnknownVariables.warnings({ ...known, DRAWBAR_PROT: "sk-1" }), [
      "Warning: the variable DRAWBAR_PROT has no effect. Did you mean DRAWBAR_PORT?",
    ])
  })
})
