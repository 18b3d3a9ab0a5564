/** The options of a start: flags, else environment variables, else defaults. */
import { isIP } from "node:net"
import { availableParallelism } from "node:os"
import { join } from "node:path"
import * as CredentialServices from "@drawbar/connector-runtime/auth/CredentialServices"
import * as Proxy from "@drawbar/egress/Proxy"
import * as SecretHosts from "@drawbar/deployments/connectors/SecretHosts"
import { Result } from "effect"
import type * as Chain from "../aws/Chain.ts"
import type * as OwnToken from "../google/OwnToken.ts"
import * as DatabaseUrl from "./DatabaseUrl.ts"
import * as FlagTable from "./FlagTable.ts"
import * as InvalidInvocation from "./InvalidInvocation.ts"
import * as ServeCommand from "./ServeCommand.ts"
import * as OtlpSettings from "../telemetry/OtlpSettings.ts"
import * as Vault from "../secrets/Vault.ts"

export interface Flags {
  readonly host: string
  /** 0 for any free port. */
  readonly port: number
  /** How many processes serve the port. */
  readonly workers: number
  /** The folder of the database; `:memory:` for none. */
  readonly data: string
  /** Whether all processes of the database count rate limits together; absent: each counts its own. */
  readonly sharedLimits?: true
  /** The PostgreSQL database that takes the place of SQLite. */
  readonly database?: DatabaseUrl.DatabaseUrl
  /** The key ring's file, or `env:NAME` or `command:LINE`, which provide its text; unused if the data is in memory. */
  readonly keyring: string
  readonly settings: string | undefined
  /** The file of the operator's own prices. */
  readonly prices?: string
  /** Maps `host:port` of a connector's URL to the `address:port` to connect to instead. */
  readonly connectTo: Readonly<Record<string, string>>
  readonly caFiles: ReadonlyArray<string>
  readonly allowedHosts: ReadonlyArray<string>
  /** Whether each request is logged. */
  readonly logsRequests: boolean
  /** Whether it makes calls of its own when it has started. */
  readonly warmsUp: boolean
  /** Whether callers must authenticate. */
  readonly auth: boolean
  /** The file that describes the trusted issuer of tokens. */
  readonly jwt: string | undefined
  /** The file of the audit log. */
  readonly audit: string | undefined
  /** Whether changes are rejected while the audit log cannot be written; absent: they are not. */
  readonly auditRequired?: true
  readonly allowUnverifiedTls: boolean
  readonly otlp: OtlpSettings.OtlpSettings | undefined
  readonly proxy: Proxy.Proxy | undefined
  /** The source of the server's own AWS keys. */
  readonly awsCredentials: Chain.Choice | undefined
  /** The AWS services that connectors may sign for as the server. */
  readonly awsSignFor: ReadonlyArray<string>
  /** The secrets in AWS Secrets Manager that connectors may use. */
  readonly awsSecrets: ReadonlyArray<string>
  /** The source of the server's own Google Cloud tokens. */
  readonly googleCredentials?: OwnToken.Source
  /** The roles that connectors may assume; absent: all that AWS permits for the server's keys. */
  readonly awsRoles?: ReadonlyArray<string>
  readonly vault: Vault.Vault | undefined
  /** The folder of files that connectors may name instead of secrets. */
  readonly secrets: string | undefined
  /** The hosts to which the operator's secrets may be sent; absent: all trusted hosts. */
  readonly secretHosts?: ReadonlyArray<SecretHosts.SecretHost>
  readonly tls: { readonly cert: string; readonly key: string } | undefined
}

/** The flags of one kind of value. */
type Text = {
  [N in FlagTable.Name]: (typeof FlagTable.table)[N] extends { type: "string"; multiple?: never } ? N : never
}[FlagTable.Name]
type List = {
  [N in FlagTable.Name]: (typeof FlagTable.table)[N] extends { multiple: true } ? N : never
}[FlagTable.Name]
type Switch = Exclude<FlagTable.Name, Text | List>

type Environment = Readonly<Record<string, string | undefined>>

/** Parses the arguments after the program's name; an error names the invalid one. */
export const read = (args: ReadonlyArray<string>, variables: Environment): Result.Result<Flags, string> => {
  const parsed = ServeCommand.parse(args)
  return parsed._tag === "Given" ? of(parsed.values, variables) : Result.fail(parsed.text)
}

/** The options of the flags that were given; an error names the invalid flag, or the variable that has its value. */
export const of = (given: ServeCommand.Given, variables: Environment): Result.Result<Flags, string> =>
  Result.mapError(checked(given, withoutEmpty(variables)), (problem) => {
    const [, flag = ""] = /^--([a-z-]+)/.exec(problem) ?? []
    const isFromVariable = Object.hasOwn(FlagTable.table, flag) && !Object.hasOwn(given, flag)
    const variable = FlagTable.variableOf(flag)
    return isFromVariable && variables[variable] ? problem.replace(`--${flag}`, variable) : problem
  })

const checked = (given: ServeCommand.Given, environment: Environment): Result.Result<Flags, string> =>
  Result.gen(function* () {
    const text = (flag: Text) => given[flag] ?? environment[FlagTable.variableOf(flag)]
    const list = (flag: List) => given[flag] ?? listed(environment[FlagTable.variableOf(flag)])
    const isOn = (flag: Switch) =>
      given[flag] === undefined ? switched(FlagTable.variableOf(flag), environment) : Result.succeed(given[flag])
    const auth = yield* onOrOff("--auth", text("auth") ?? FlagTable.table.auth.fallback)
    const behindProxy = yield* isOn("behind-proxy")
    const tls = yield* tlsPair(text("tls-cert"), text("tls-key"))
    const awsCredentials = yield* awsChoice(
      text("aws-credentials") ?? FlagTable.table["aws-credentials"].fallback,
      environment,
    )
    const awsRoles = yield* roles(awsCredentials, list("aws-role"))
    const secretHosts = yield* Result.all(list("bind-secret").map(secretHost))
    const auditRequired = yield* withAudit(yield* isOn("audit-required"), text("audit"))
    const prices = text("prices")
    const data = text("data") ?? FlagTable.table.data.fallback
    const url = text("database")
    const passwordFlag = text("database-password")
    if (url === undefined && passwordFlag !== undefined)
      return yield* Result.fail("--database-password requires --database.")
    if (url !== undefined && data === ":memory:" && text("keyring") === undefined)
      return yield* Result.fail(
        "--data :memory: has no place for the encryption keys of --database: add --keyring FILE, or name a folder.",
      )
    const database =
      url === undefined
        ? undefined
        : yield* DatabaseUrl.read(
            {
              url,
              password: passwordFlag,
              pool: text("database-pool") ?? FlagTable.table["database-pool"].fallback,
              timeout: text("database-timeout") ?? FlagTable.table["database-timeout"].fallback,
            },
            environment,
          )
    return {
      host: yield* guardedHost(
        text("host") ?? FlagTable.table.host.fallback,
        auth && (tls !== undefined || behindProxy),
      ),
      port: yield* port(text("port") ?? FlagTable.table.port.fallback),
      workers: yield* workers(text("workers") ?? FlagTable.table.workers.fallback, data, url),
      data,
      keyring: text("keyring") ?? join(data, "keyring.json"),
      settings: text("settings"),
      connectTo: Object.fromEntries(yield* Result.all(list("connect-to").map(redirection))),
      caFiles: list("ca-file"),
      allowedHosts: yield* Result.all(list("allow-host").map(hostName)),
      logsRequests: yield* onOrOff("--log", text("log") ?? FlagTable.table.log.fallback),
      warmsUp: yield* onOrOff("--warm-up", text("warm-up") ?? FlagTable.table["warm-up"].fallback),
      auth,
      secrets: text("secrets"),
      jwt: yield* onlyWith(auth, "--jwt", text("jwt")),
      audit: text("audit"),
      allowUnverifiedTls: yield* isOn("allow-unverified-tls"),
      proxy: yield* Proxy.read(environment),
      otlp: yield* OtlpSettings.read(environment),
      tls,
      awsCredentials,
      awsSignFor: yield* services(awsCredentials, list("aws-sign-for")),
      awsSecrets: yield* arns(awsCredentials, list("aws-secret")),
      ...(yield* googleSource(text("google-credentials") ?? FlagTable.table["google-credentials"].fallback)),
      vault: yield* Vault.read(text("vault-prefix"), environment),
      ...(prices === undefined ? {} : { prices }),
      ...(auditRequired ? { auditRequired } : {}),
      ...(database === undefined ? {} : { database }),
      ...(yield* limits(text("limits") ?? FlagTable.table.limits.fallback, url)),
      ...(awsRoles.length === 0 ? {} : { awsRoles }),
      ...(secretHosts.length === 0 ? {} : { secretHosts }),
    }
  })

/** An empty variable counts as not set. */
const withoutEmpty = (environment: Environment): Environment =>
  Object.fromEntries(Object.entries(environment).filter(([, text]) => text !== ""))

const listed = (text: string | undefined): ReadonlyArray<string> =>
  (text ?? "").split(",").flatMap((part) => part.trim() || [])

// Every caller that reaches the port spends the operator's keys. Outside loopback, authentication and encryption are
// therefore required.
const guardedHost = (host: string, isGuarded: boolean): Result.Result<string, string> =>
  isGuarded || host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host)
    ? Result.succeed(host)
    : Result.fail(
        `Listening on ${host} requires authentication and TLS, because callers can spend your provider keys. ` +
          `Add --auth on, and --tls-cert and --tls-key (or --behind-proxy if a reverse proxy terminates TLS); or use --host 127.0.0.1.`,
      )

const port = (text: string): Result.Result<number, string> =>
  /^\d{1,5}$/.test(text) && Number(text) <= 65_535
    ? Result.succeed(Number(text))
    : Result.fail(`--port ${text} must be a number from 0 to 65535.`)

const limits = (text: string, database: string | undefined): Result.Result<Pick<Flags, "sharedLimits">, string> => {
  if (text === "process") return Result.succeed({})
  if (text !== "shared") return Result.fail(`--limits ${text} must be process or shared.`)
  return database === undefined
    ? Result.fail("--limits shared requires --database.")
    : Result.succeed({ sharedLimits: true })
}

const maxWorkers = 256

const workers = (text: string, data: string, database: string | undefined): Result.Result<number, string> => {
  const count = text === "auto" ? availableParallelism() : /^\d{1,3}$/.test(text) ? Number(text) : 0
  if (count < 1 || count > maxWorkers)
    return Result.fail(`--workers ${text} must be auto or a number from 1 to ${maxWorkers}.`)
  return count > 1 && data === ":memory:" && database === undefined
    ? Result.fail("--workers requires records that processes can share: name a folder with --data, or use --database.")
    : Result.succeed(count)
}

const onOrOff = (flag: string, text: string): Result.Result<boolean, string> =>
  text === "on" || text === "off"
    ? Result.succeed(text === "on")
    : Result.fail(`${flag} ${text} must be on or off.${InvalidInvocation.meant(text, ["on", "off"])}`)

const switched = (variable: string, environment: Environment): Result.Result<boolean, string> =>
  onOrOff(variable, environment[variable] ?? "off")

const hostName = (text: string): Result.Result<string, string> =>
  /^(\[[\da-f:.]+\]|[^\s:/?#@[\]]+)(:\d{1,5})?$/i.test(text)
    ? Result.succeed(text)
    : Result.fail(`--allow-host ${text} must have the form HOST:PORT, such as drawbar.internal:9200.`)

const onlyWith = (auth: boolean, flag: string, file: string | undefined): Result.Result<string | undefined, string> =>
  file === undefined || auth
    ? Result.succeed(file)
    : Result.fail(`${flag} ${file} has no effect without authentication: add --auth on.`)

const withAudit = (isRequired: boolean, file: string | undefined): Result.Result<boolean, string> =>
  isRequired && file === undefined
    ? Result.fail("--audit-required requires an audit log: add --audit FILE.")
    : Result.succeed(isRequired)

/** https://docs.aws.amazon.com/sdkref/latest/guide/environment-variables.html */
const awsChoice = (choice: string, environment: Environment): Result.Result<Chain.Choice | undefined, string> => {
  if (choice === "off") return Result.succeed(undefined)
  if (choice === "default") return Result.succeed(choice)
  if (choice !== "env")
    return Result.fail(
      `--aws-credentials ${choice} must be off, env or default.${InvalidInvocation.meant(choice, ["off", "env", "default"])}`,
    )
  return environment["AWS_ACCESS_KEY_ID"] && environment["AWS_SECRET_ACCESS_KEY"]
    ? Result.succeed(choice)
    : Result.fail("--aws-credentials env requires AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to be set.")
}

const googleSources: ReadonlyArray<OwnToken.Source> = ["file", "metadata"]

const googleSource = (choice: string): Result.Result<Pick<Flags, "googleCredentials">, string> => {
  const source = googleSources.find((known) => known === choice)
  if (source !== undefined) return Result.succeed({ googleCredentials: source })
  return choice === "off"
    ? Result.succeed({})
    : Result.fail(
        `--google-credentials ${choice} must be one of [off, ${googleSources.join(", ")}].${InvalidInvocation.meant(choice, ["off", ...googleSources])}`,
      )
}

const services = (
  identity: Chain.Choice | undefined,
  names: ReadonlyArray<string>,
): Result.Result<ReadonlyArray<string>, string> => {
  const invalid = names.find((name) => !/^[a-z0-9-]+$/.test(name) || CredentialServices.has(name))
  return invalid === undefined
    ? requiringIdentity(identity, "--aws-sign-for", names)
    : Result.fail(
        CredentialServices.has(invalid)
          ? `--aws-sign-for ${invalid} would allow connectors to fetch keys or secrets as this server.`
          : `--aws-sign-for ${invalid} is not the signing name of a service, such as bedrock.`,
      )
}

const arns = (
  identity: Chain.Choice | undefined,
  entries: ReadonlyArray<string>,
): Result.Result<ReadonlyArray<string>, string> => {
  const invalid = entries.find((entry) => !/^arn:aws[a-z-]*:secretsmanager:[^*]*\*?$/.test(entry))
  return invalid === undefined
    ? requiringIdentity(identity, "--aws-secret", entries)
    : Result.fail(
        `--aws-secret ${invalid} must have the form arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME, with at most one * at its end.`,
      )
}

const roles = (
  identity: Chain.Choice | undefined,
  entries: ReadonlyArray<string>,
): Result.Result<ReadonlyArray<string>, string> => {
  const invalid = entries.find((entry) => !/^arn:aws[a-z-]*:iam::\d{12}:role\/[^*]*\*?$/.test(entry))
  return invalid === undefined
    ? requiringIdentity(identity, "--aws-role", entries)
    : Result.fail(
        `--aws-role ${invalid} must have the form arn:aws:iam::ACCOUNT:role/NAME, with at most one * at its end.`,
      )
}

const secretHost = (text: string): Result.Result<SecretHosts.SecretHost, string> =>
  Result.mapError(SecretHosts.read(text), (why) => `--bind-secret ${text} ${why}.`)

const requiringIdentity = (
  identity: Chain.Choice | undefined,
  flag: string,
  entries: ReadonlyArray<string>,
): Result.Result<ReadonlyArray<string>, string> =>
  entries.length === 0 || identity !== undefined
    ? Result.succeed(entries)
    : Result.fail(`${flag} ${entries[0]} requires an AWS identity of the server: add --aws-credentials.`)

const tlsPair = (cert: string | undefined, key: string | undefined): Result.Result<Flags["tls"], string> => {
  if (cert === undefined && key === undefined) return Result.succeed(undefined)
  return cert === undefined || key === undefined
    ? Result.fail("--tls-cert and --tls-key must be used together.")
    : Result.succeed({ cert, key })
}

const redirection = (text: string): Result.Result<readonly [string, string], string> => {
  const [, from, to, address = ""] = /^((?:\[[^\]]+\]|[^:]+):\d{1,5}):((\[[^\]]+\]|[^:]+):\d{1,5})$/.exec(text) ?? []
  return from !== undefined && to !== undefined && isIP(address.replaceAll(/^\[|\]$/g, "")) > 0
    ? Result.succeed([from, to])
    : Result.fail(
        `--connect-to ${text} must have the form HOST:PORT:ADDRESS:PORT, such as api.cohere.ai:443:127.0.0.1:8443.`,
      )
}
