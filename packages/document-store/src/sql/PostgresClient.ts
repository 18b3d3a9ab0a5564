/**
 * PostgreSQL as an `effect/sql` client: a pool of connections, one of which listens for changes.
 *
 * Sources: https://www.postgresql.org/docs/current/errcodes-appendix.html,
 * https://www.postgresql.org/docs/current/runtime-config-client.html
 */
import { connect, isIP } from "node:net"
import type { ConnectionOptions } from "node:tls"
import { PgClient } from "@effect/sql-pg"
import type { Effect, Layer, Redacted } from "effect"
import type { SqlClient, SqlError } from "effect/sql"

export interface PostgresOptions {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  /** Read again for each connection, so that it can be changed while the process runs. */
  readonly password?: Effect.Effect<Redacted.Redacted> | undefined
  /** Absent: no TLS. */
  readonly tls?: ConnectionOptions | undefined
  /** How many connections queries and writes share; one more may listen. */
  readonly poolSize: number
  /** How long one statement may take, in ms. */
  readonly statementTimeoutMillis: number
}

/** How long opening a connection may take, in ms. */
const connectTimeoutMillis = 5_000

/** How much longer than a statement a connection may be silent, in ms, before it counts as cut off. */
const graceMillis = 5_000

export const layer = ({
  host,
  port,
  database,
  user,
  password,
  tls,
  poolSize,
  statementTimeoutMillis,
}: PostgresOptions): Layer.Layer<PgClient.PgClient | SqlClient.SqlClient, SqlError.SqlError> =>
  PgClient.layer({
    host,
    port,
    database,
    username: user,
    password,
    ssl: tls === undefined ? false : { ...(isIP(host) === 0 ? { servername: host } : {}), ...tls },
    applicationName: "drawbar",
    maxConnections: poolSize + 1,
    connectTimeout: connectTimeoutMillis,
    // A statement to a host that no longer responds would otherwise wait until the operating system gives up.
    stream: () => {
      const socket = connect(
        host.startsWith("/") ? { path: `${host}/.s.PGSQL.${port}` } : { host, port, noDelay: true },
      )
      socket.setTimeout(statementTimeoutMillis + graceMillis, () =>
        socket.destroy(new Error(`no response within ${statementTimeoutMillis + graceMillis} ms`)),
      )
      return socket
    },
    startupParameters: {
      statement_timeout: String(statementTimeoutMillis),
      // A transaction whose process hangs releases its locks.
      idle_in_transaction_session_timeout: String(statementTimeoutMillis),
    },
  })
