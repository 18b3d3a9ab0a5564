/**
 * The database of `--database`: `postgres://USER[:PASSWORD]@HOST[:PORT]/DATABASE[?sslmode=…&sslrootcert=FILE]`.
 *
 * Source: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS
 */
import { isIP } from "node:net"
import { Redacted, Result } from "effect"

/** Where a password comes from. A file is read again for each connection. */
export type Password =
  | { readonly _tag: "Text"; readonly text: Redacted.Redacted }
  | { readonly _tag: "File"; readonly path: string }

const sslModes = ["disable", "require", "verify-ca", "verify-full"] as const
type SslMode = (typeof sslModes)[number]

export interface DatabaseUrl {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly password: Password | undefined
  readonly sslMode: SslMode
  /** The file of the authorities that may have issued the server's certificate (PEM). */
  readonly rootCertificate: string | undefined
  readonly poolSize: number
  readonly statementTimeoutMillis: number
}

interface Texts {
  readonly url: string
  readonly password: string | undefined
  readonly pool: string
  readonly timeout: string
}

type Environment = Readonly<Record<string, string | undefined>>

const form = "postgres://USER@HOST:PORT/DATABASE"

/** Its messages do not quote the URL, which may contain a password. */
export const read = (texts: Texts, environment: Environment): Result.Result<DatabaseUrl, string> =>
  Result.gen(function* () {
    const url = yield* Result.fromNullishOr(URL.parse(texts.url), () => `--database must have the form ${form}.`)
    if (url.protocol !== "postgres:" && url.protocol !== "postgresql:")
      return yield* Result.fail(`--database must have the form ${form}; ${url.protocol} is not supported.`)
    const host = url.hostname.replaceAll(/^\[|\]$/g, "")
    const [user, inUrl, database] = yield* decoded([url.username, url.password, url.pathname.slice(1)])
    if (host === "" || user === "" || database === "")
      return yield* Result.fail(`--database must name a user, a host and a database: ${form}.`)
    const { sslmode, sslrootcert, ...others } = Object.fromEntries(url.searchParams)
    const [unknown] = Object.keys(others)
    if (unknown !== undefined)
      return yield* Result.fail(`--database does not take the parameter ${unknown}; it takes sslmode and sslrootcert.`)
    if (inUrl !== "" && texts.password !== undefined)
      return yield* Result.fail("--database has a password already: remove it there, or remove --database-password.")
    const password = texts.password ?? (inUrl === "" ? undefined : inUrl)
    return {
      host,
      port: url.port === "" ? 5432 : Number(url.port),
      database,
      user,
      password: password === undefined ? undefined : yield* passwordOf(password, inUrl !== "", environment),
      sslMode: yield* sslModeOf(sslmode, host),
      rootCertificate: sslrootcert,
      poolSize: yield* whole("--database-pool", texts.pool, 1, 1_000),
      statementTimeoutMillis: yield* whole("--database-timeout", texts.timeout, 100, 3_600_000),
    }
  })

/** Without user and password, for messages. */
export const shown = ({ host, port, database }: Pick<DatabaseUrl, "host" | "port" | "database">): string =>
  `postgres://${isIP(host) === 6 ? `[${host}]` : host}:${port}/${database}`

const decoded = (parts: readonly [string, string, string]) =>
  Result.try({
    try: (): [string, string, string] => [
      decodeURIComponent(parts[0]),
      decodeURIComponent(parts[1]),
      decodeURIComponent(parts[2]),
    ],
    catch: () => "--database has a % that is not followed by two hexadecimal digits; write % itself as %25.",
  })

const passwordOf = (text: string, mayBePlain: boolean, environment: Environment): Result.Result<Password, string> => {
  const [, kind, name = ""] = /^(env|file):(.+)$/s.exec(text) ?? []
  if (kind === "file") return Result.succeed({ _tag: "File", path: name })
  if (kind === "env") {
    const value = environment[name]
    return value === undefined
      ? Result.fail(`The variable ${name}, which should hold the password of --database, is not set.`)
      : Result.succeed({ _tag: "Text", text: Redacted.make(value, { label: "database password" }) })
  }
  return mayBePlain
    ? Result.succeed({ _tag: "Text", text: Redacted.make(text, { label: "database password" }) })
    : Result.fail("--database-password must be env:VARIABLE or file:PATH.")
}

/** Beyond this machine, the server's certificate is verified unless the operator decides otherwise. */
const sslModeOf = (text: string | undefined, host: string): Result.Result<SslMode, string> => {
  if (text === undefined)
    return Result.succeed(/^(localhost|127(\.\d{1,3}){3}|::1)$/.test(host) ? "disable" : "verify-full")
  return Result.fromNullishOr(
    sslModes.find((known) => known === text),
    () => `--database has sslmode=${text}; it must be one of [${sslModes.join(", ")}].`,
  )
}

const whole = (flag: string, text: string, least: number, most: number): Result.Result<number, string> =>
  /^\d{1,9}$/.test(text) && Number(text) >= least && Number(text) <= most
    ? Result.succeed(Number(text))
    : Result.fail(`${flag} ${text} must be a number from ${least} to ${most}.`)
