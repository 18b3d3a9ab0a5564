/** The options with which the server starts: flags, and the contents of the files that they name. */
import { exec } from "node:child_process"
import { X509Certificate } from "node:crypto"
import { readdir, readFile } from "node:fs/promises"
import { join, resolve } from "node:path"
import { promisify } from "node:util"
import * as DataFolder from "@drawbar/document-store/DataFolder"
import * as Json from "@drawbar/json-text/Json"
import type { PostgresOptions } from "@drawbar/document-store/sql/PostgresClient"
import type { Proxy } from "@drawbar/egress/Proxy"
import type { Write } from "@drawbar/http-server/access/Audit"
import type { Tls } from "@drawbar/http-server/http/HttpServer"
import * as Prices from "@drawbar/registry/spend/Prices"
import { Effect, Redacted, Result } from "effect"
import type * as OwnIdentity from "../aws/OwnIdentity.ts"
import type * as OwnToken from "../google/OwnToken.ts"
import * as AuditLog from "../telemetry/AuditLog.ts"
import * as ServerCertificate from "../tls/ServerCertificate.ts"
import * as DatabaseOptions from "./DatabaseOptions.ts"
import * as DatabaseUrl from "./DatabaseUrl.ts"
import type { Flags } from "./Flags.ts"
import * as JwtSettings from "../identity/JwtSettings.ts"
import type * as OperatorSecrets from "../secrets/OperatorSecrets.ts"
import type { OtlpSettings } from "../telemetry/OtlpSettings.ts"
import * as InitialAdmin from "./InitialAdmin.ts"
import { InvalidFileOption } from "./InvalidFileOption.ts"
import * as FileFailure from "./FileFailure.ts"

export interface StartOptions {
  readonly host: string
  /** 0 for any free port. */
  readonly port: number
  /** Whether no other worker of this machine may serve that port. */
  readonly exclusive?: boolean | undefined
  /** Where records and keys are stored; absent for memory. `database` is a file, or the name of `postgres` for messages. */
  readonly files?: { readonly database: string; readonly keyring: string | HandedOver } | undefined
  /** Whether all processes of `postgres` count rate limits, quotas and wrong passwords together. */
  readonly sharedLimits?: boolean | undefined
  /** Whether other processes of this machine use the database file as well. */
  readonly sharesFile?: boolean | undefined
  /** The metrics of all workers, from those of this process. */
  readonly gatherMetrics?: ((own: Effect.Effect<string>) => Effect.Effect<string>) | undefined
  /** The database that takes the place of the file. */
  readonly postgres?: PostgresOptions | undefined
  /** The content of the settings file. */
  readonly settings?: Json.JsonObject | undefined
  /** The operator's own prices, before those that come with the server. */
  readonly prices?: Prices.PriceFile | undefined
  /** Maps `host:port` of a connector's URL to the `address:port` to connect to instead. */
  readonly connectTo?: Readonly<Record<string, string>> | undefined
  /** PEM texts of authorities to trust in addition to the system's. */
  readonly certificateAuthorities?: ReadonlyArray<string> | undefined
  /** Additional allowed Host headers. */
  readonly allowedHosts?: ReadonlyArray<string> | undefined
  /** Receives a line of JSON for each completed request. */
  readonly accessLog?: ((line: string) => void) | undefined
  /** Receives a line of JSON for each change and each rejected request. */
  readonly auditLog?: Write | undefined
  /** The file of that log, which is swept as the settings say. */
  readonly auditFile?: string | undefined
  /** Whether changes are rejected while that log cannot be written. */
  readonly auditRequired?: boolean | undefined
  /** Whether callers must authenticate. */
  readonly auth?: boolean | undefined
  /** The API key of the first admin; without effect once there is a user or an API key. */
  readonly initialAdminKey?: Redacted.Redacted | undefined
  /** The issuer whose tokens are accepted in addition to keys and passwords. */
  readonly jwt?: JwtSettings.JwtSettings | undefined
  /** Allows connectors to set `skip_ssl_verification`. */
  readonly allowUnverifiedTls?: boolean | undefined
  /** The proxy for outbound connections. */
  readonly proxy?: Proxy | undefined
  /** The server's AWS identity, and what connectors may use it for. */
  readonly aws?: OwnIdentity.Options | undefined
  /** The server's own Google Cloud identity. */
  readonly google?: OwnToken.Options | undefined
  /** What connectors may name instead of secrets. */
  readonly secrets?: OperatorSecrets.Options | undefined
  readonly tls?: Tls | undefined
  /** Whether the server still warms up, and so is not ready; absent: it does not. */
  readonly isWarmingUp?: (() => boolean) | undefined
  /** How long pending requests may take to finish when the server stops, in ms; 30 s if absent. */
  readonly graceMillis?: number | undefined
  /** The collector that receives spans and metrics. */
  readonly otlp?: OtlpSettings | undefined
}

/** A key ring that is stored elsewhere. */
export interface HandedOver {
  /** Where it comes from. */
  readonly source: string
  readonly text: Redacted.Redacted
  /** Reads it again, for keys that were added; absent if it cannot have changed. */
  readonly again?: () => Promise<string>
}

export const fromFlags = Effect.fnUntraced(function* (flags: Flags, environment: NodeJS.ProcessEnv) {
  const { host, port, connectTo, allowedHosts, auth, allowUnverifiedTls, proxy, otlp, jwt, audit, tls, secrets } = flags
  if (secrets !== undefined) yield* attempt("--secrets", secrets, () => readdir(secrets))
  const options: StartOptions = {
    host,
    port,
    settings: flags.settings === undefined ? undefined : yield* readSettings(flags.settings),
    prices: flags.prices === undefined ? undefined : yield* readPrices(flags.prices),
    connectTo,
    certificateAuthorities: yield* Effect.forEach(flags.caFiles, authorities),
    allowedHosts,
    auth,
    initialAdminKey: yield* InitialAdmin.read(environment),
    allowUnverifiedTls,
    proxy,
    otlp,
    jwt: jwt === undefined ? undefined : yield* issuer(jwt),
    auditLog: audit === undefined ? undefined : yield* auditLog(audit),
    auditFile: audit,
    auditRequired: flags.auditRequired,
    aws: flags.awsCredentials && {
      credentials: flags.awsCredentials,
      environment,
      signFor: flags.awsSignFor,
      roles: flags.awsRoles,
    },
    google: flags.googleCredentials && { source: flags.googleCredentials, environment },
    secrets: {
      environment,
      folder: flags.secrets,
      vault: flags.vault,
      awsSecrets: flags.awsSecrets,
      hosts: flags.secretHosts,
    },
    tls: tls === undefined ? undefined : yield* ServerCertificate.load(tls),
  }
  const { data, database } = flags
  if (data === ":memory:" && database === undefined) return options
  if (data !== ":memory:") yield* attempt("--data", data, () => DataFolder.make(resolve(data)))
  const keyring = yield* keyRing(flags.keyring, environment)
  if (database === undefined) return { ...options, files: { database: join(data, "drawbar.db"), keyring } }
  return {
    ...options,
    files: { database: DatabaseUrl.shown(database), keyring },
    postgres: yield* DatabaseOptions.make(database),
    sharedLimits: flags.sharedLimits,
  }
})

/** A file's path is returned unchanged; `env:NAME` and `command:LINE` provide the key ring itself. */
const keyRing = Effect.fnUntraced(function* (where: string, environment: NodeJS.ProcessEnv) {
  const [, kind, name = ""] = /^(env|command):(.+)$/s.exec(where) ?? []
  if (kind === undefined) return where
  const source = kind === "env" ? `variable ${name}` : `command ${name}`
  const again = () => printed(name, environment)
  const text = kind === "env" ? environment[name] : yield* attempt("--keyring", where, again)
  return text === undefined || text.trim() === ""
    ? yield* unusable("--keyring", where, "returns no key ring")
    : { source, text: Redacted.make(text, { label: "key ring" }), ...(kind === "env" ? {} : { again }) }
})

/** The output of a command; its standard error goes to the operator's terminal. */
const printed = async (line: string, env: NodeJS.ProcessEnv): Promise<string> =>
  (await promisify(exec)(line, { env, timeout: 30_000, maxBuffer: 1_000_000 })).stdout

const issuer = (file: string) =>
  Effect.flatMap(read("--jwt", file), (text) => Effect.fromResult(JwtSettings.read(file, text)))

const auditLog = (file: string) => attempt("--audit", file, async () => AuditLog.open(file))

const readSettings = (file: string) =>
  Effect.flatMap(read("--settings", file), (text) => {
    const json = Json.parse(text)
    if (Result.isFailure(json)) {
      const { message, line, column } = json.failure
      return Effect.fail(
        unusable("--settings", file, `is not valid JSON: ${message} at line ${line}, column ${column}`),
      )
    }
    return Json.isObject(json.success)
      ? Effect.succeed(json.success)
      : Effect.fail(unusable("--settings", file, "is not a JSON object of settings"))
  })

/** Node's TLS silently ignores text that is not a certificate. */
const authorities = Effect.fnUntraced(function* (file: string) {
  const text = yield* read("--ca-file", file)
  const found = text.match(/-----BEGIN [A-Z\d ]*CERTIFICATE-----.+?-----END [A-Z\d ]*CERTIFICATE-----/gs)
  if (found === null) return yield* unusable("--ca-file", file, "contains no certificate in PEM format")
  yield* attempt("--ca-file", file, async () => found.map((pem) => new X509Certificate(pem)))
  return text
})

const readPrices = (file: string) =>
  Effect.flatMap(read("--prices", file), (text) =>
    Result.match(Result.flatMap(Json.parse(text), Prices.read), {
      onFailure: ({ message }) => Effect.fail(unusable("--prices", file, `is not a table of prices: ${message}`)),
      onSuccess: Effect.succeed<Prices.PriceFile>,
    }),
  )

const read = (flag: string, file: string) => attempt(flag, file, () => readFile(file, "utf8"))

const attempt = <A>(flag: string, file: string, run: () => Promise<A>) =>
  Effect.tryPromise({ try: run, catch: (cause) => unusable(flag, file, `cannot be used: ${reasonOf(cause)}`) })

/** A failed command reports its exit code. */
const reasonOf = (cause: unknown): string => {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined
  return typeof code === "number" ? `it exited with ${code}` : FileFailure.reasonOf(cause)
}

const unusable = (flag: string, file: string, why: string) =>
  new InvalidFileOption({ message: `${flag} ${file} ${why}.` })
