/** The files that flags name, read: what the server is started with. */
import { exec } from "node:child_process"
import { X509Certificate } from "node:crypto"
import { mkdir, readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import * as Json from "@drawbar/blueprint-schema/Json"
import { Effect, Redacted, Result } from "effect"
import * as AuditLog from "./AuditLog.ts"
import * as Certificate from "./Certificate.ts"
import type { Flags } from "./Flags.ts"
import * as Jwt from "./Jwt.ts"
import type { Options } from "./Server.ts"
import { UnusableFile } from "./UnusableFile.ts"

export const fromFlags = Effect.fnUntraced(function* (flags: Flags, environment: NodeJS.ProcessEnv) {
  const certificateAuthorities = yield* Effect.forEach(flags.caFiles, authorities)
  const settings = flags.settings === undefined ? {} : yield* readSettings(flags.settings)
  const { secrets } = flags
  if (secrets !== undefined) yield* attempt("--secrets", secrets, () => readdir(secrets))
  const options: Options = {
    host: flags.host,
    port: flags.port,
    settings,
    connectTo: flags.connectTo,
    certificateAuthorities,
    allowedHosts: flags.allowedHosts,
    auth: flags.auth,
    secrets: { environment, folder: flags.secrets, vault: flags.vault, awsSecrets: flags.awsSecrets },
    ...(flags.allowUnverifiedTls ? { allowUnverifiedTls: true } : {}),
    ...(flags.proxy === undefined ? {} : { proxy: flags.proxy }),
    ...(flags.otlp === undefined ? {} : { otlp: flags.otlp }),
    ...(flags.jwt === undefined ? {} : { jwt: yield* issuer(flags.jwt) }),
    ...(flags.audit === undefined ? {} : { auditLog: yield* auditLog(flags.audit) }),
    ...(flags.awsCredentials === undefined
      ? {}
      : { aws: { credentials: flags.awsCredentials, environment, signFor: flags.awsSignFor } }),
    ...(flags.tls === undefined ? {} : { tls: yield* Certificate.load(flags.tls) }),
  }
  if (flags.data === ":memory:") return options
  yield* attempt("--data", flags.data, () => mkdir(flags.data, { recursive: true, mode: 0o700 }))
  return {
    ...options,
    files: { database: join(flags.data, "drawbar.db"), keyring: yield* keyRing(flags.keyring, environment) },
  }
})

/** A file's path as it is; `env:NAME` and `command:LINE` are asked for the ring itself. */
const keyRing = Effect.fnUntraced(function* (where: string, environment: NodeJS.ProcessEnv) {
  const [, kind, name = ""] = /^(env|command):(.+)$/s.exec(where) ?? []
  if (kind === undefined) return where
  const source = kind === "env" ? `variable ${name}` : `command ${name}`
  const text = kind === "env" ? environment[name] : yield* attempt("--keyring", where, () => printed(name, environment))
  return text === undefined || text.trim() === ""
    ? yield* unusable("--keyring", where, "gives no key ring")
    : { source, text: Redacted.make(text, { label: "key ring" }) }
})

/** What a command prints; what it says on standard error is the operator's to see. */
const printed = async (line: string, env: NodeJS.ProcessEnv): Promise<string> =>
  (await promisify(exec)(line, { env, timeout: 30_000, maxBuffer: 1_000_000 })).stdout

const issuer = (file: string) => Effect.flatMap(read("--jwt", file), (text) => Effect.fromResult(Jwt.read(file, text)))

const auditLog = (file: string) => attempt("--audit", file, async () => AuditLog.open(file))

const readSettings = (file: string) =>
  Effect.flatMap(read("--settings", file), (text) => {
    const json = Json.parse(text)
    if (Result.isFailure(json)) {
      const { message, line, column } = json.failure
      return Effect.fail(unusable("--settings", file, `is no JSON: ${message} at line ${line}, column ${column}`))
    }
    return Json.isObject(json.success)
      ? Effect.succeed(json.success)
      : Effect.fail(unusable("--settings", file, "is no JSON object of settings"))
  })

/** TLS would pass over what is no certificate, and trust nobody for it. */
const authorities = Effect.fnUntraced(function* (file: string) {
  const text = yield* read("--ca-file", file)
  const found = text.match(/-----BEGIN [A-Z\d ]*CERTIFICATE-----.+?-----END [A-Z\d ]*CERTIFICATE-----/gs)
  if (found === null) return yield* unusable("--ca-file", file, "holds no certificate in PEM")
  yield* attempt("--ca-file", file, async () => found.map((pem) => new X509Certificate(pem)))
  return text
})

const read = (flag: string, file: string) => attempt(flag, file, () => readFile(file, "utf8"))

const attempt = <A>(flag: string, file: string, run: () => Promise<A>) =>
  Effect.tryPromise({ try: run, catch: (cause) => unusable(flag, file, `cannot be used: ${reasonOf(cause)}`) })

/** A command that failed has its exit code. */
const reasonOf = (cause: unknown): string => {
  if (!(cause instanceof Error)) return String(cause)
  const code = "code" in cause ? cause.code : undefined
  if (typeof code === "number") return `it ended with ${code}`
  return typeof code === "string" ? (words.get(code) ?? code) : cause.message
}

const words = new Map([
  ["ENOENT", "there is no such file or folder"],
  ["EACCES", "this user may not open it"],
  ["EISDIR", "it is a folder"],
  ["ENOTDIR", "it is no folder"],
  ["EEXIST", "it is no folder"],
  ["EROFS", "the disk is mounted read-only"],
  ["ENOSPC", "the disk is full"],
])

const unusable = (flag: string, file: string, why: string) => new UnusableFile({ message: `${flag} ${file} ${why}.` })
