/**
 * What a failure of PostgreSQL means for an operator.
 *
 * Sources: https://www.postgresql.org/docs/current/errcodes-appendix.html, https://nodejs.org/api/errors.html#nodejs-error-codes,
 * https://nodejs.org/api/tls.html#x509-certificate-error-codes
 */
import { SqlError } from "effect/sql"

export interface PostgresFailure {
  readonly message: string
  /** Whether the database cannot be used now, but may be later without a change of the request. */
  readonly isUnavailable: boolean
}

/** The failure, if it is one of PostgreSQL or of the connection to it. */
export const of = (error: Error): PostgresFailure | undefined => {
  if (!SqlError.isSqlError(error)) return undefined
  const { cause, message = "" } = error.reason
  if (!(cause instanceof Error)) return undefined
  const code: unknown = Reflect.get(cause, "code")
  const known = (typeof code === "string" ? sentences[code] : undefined) ?? byMessage(message)
  if (known !== undefined) {
    const [text, when] = known
    const detail = cause.message !== "" ? ` (${cause.message})` : ""
    return {
      message: `PostgreSQL ${text}${detail}. ${advice[when]}`,
      isUnavailable: when !== "operator" && when !== "space",
    }
  }
  const isConnection = error.reason._tag === "ConnectionError"
  if (!isConnection && !(typeof code === "string" && sqlState.test(code))) return undefined
  const detail = cause.message
  return {
    message: isConnection
      ? `PostgreSQL cannot be reached (${detail}). ${advice.later}`
      : `PostgreSQL failed: ${detail} (SQLSTATE ${String(code)}).`,
    isUnavailable: isConnection,
  }
}

const sqlState = /^[0-9A-Z]{5}$/

type Sentence = readonly [text: string, when: keyof typeof advice]

const advice = {
  later: "Check that it runs at the address of --database; a running Drawbar connects again by itself.",
  soon: "Try again.",
  operator: "Correct --database, or the configuration of PostgreSQL.",
  space: "Nothing was stored. Free some space there and try again.",
  primary: "Use the address of the primary server in --database.",
  connections: "Raise max_connections there, or lower --database-pool.",
} as const

const sentences: Readonly<Record<string, Sentence>> = {
  "3D000": ["has no such database", "operator"],
  "28P01": ["rejected the password", "operator"],
  "28000": ["rejected the user, or the way it connects", "operator"],
  "42501": [
    "denies this user what Drawbar needs: to create tables in the database's schema, to read and to write",
    "operator",
  ],
  "53100": ["has no disk space left", "space"],
  "25006": ["is read-only: this is a standby, or it is set to read-only", "primary"],
  "53300": ["accepts no more connections", "connections"],
  "57P01": ["is shutting down", "later"],
  "57P02": ["crashed and restarts", "later"],
  "57P03": ["is starting up", "later"],
  "57014": ["took longer than --database-timeout", "soon"],
  "25P03": ["ended a transaction that was idle for --database-timeout", "soon"],
  ECONNREFUSED: ["does not listen at this address", "later"],
  ECONNRESET: ["closed the connection", "later"],
  EPIPE: ["closed the connection", "later"],
  ENOTFOUND: ["has a host name that cannot be resolved", "later"],
  EAI_AGAIN: ["has a host name that cannot be resolved now", "later"],
  ENOENT: ["has no socket at this path", "later"],
  EHOSTUNREACH: ["cannot be reached", "later"],
  ENETUNREACH: ["cannot be reached", "later"],
  ETIMEDOUT: ["does not respond", "later"],
  SELF_SIGNED_CERT_IN_CHAIN: [
    "has a TLS certificate of an unknown authority: name that authority with sslrootcert=FILE",
    "operator",
  ],
  DEPTH_ZERO_SELF_SIGNED_CERT: ["has a self-signed TLS certificate: name it with sslrootcert=FILE", "operator"],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: [
    "has a TLS certificate of an unknown authority: name that authority with sslrootcert=FILE",
    "operator",
  ],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: [
    "has a TLS certificate of an unknown authority: name that authority with sslrootcert=FILE",
    "operator",
  ],
  CERT_HAS_EXPIRED: ["has a TLS certificate that has expired", "operator"],
  ERR_TLS_CERT_ALTNAME_INVALID: ["has a TLS certificate for another host name", "operator"],
}

/** Failures of the client that have no code. */
const byMessage = (message: string): Sentence | undefined => {
  if (message.endsWith("Server refused TLS"))
    return ["does not accept TLS: set ssl = on there, or sslmode=disable here", "operator"]
  if (message.endsWith("No password configured")) return ["asks for a password, but none is configured", "operator"]
  return message.endsWith("Connection timed out") ? ["does not respond", "later"] : undefined
}
