/** Wrong passwords that processes count together; while the database is away, each counts its own. */
import { createHash } from "node:crypto"
import { Clock, Effect } from "effect"
import type { SqlClient } from "effect/sql"
import * as DatabaseDeadline from "./DatabaseDeadline.ts"
import type { Logins } from "./Limits.ts"
import * as LoginThrottle from "./LoginThrottle.ts"

const forgotten = LoginThrottle.forgottenMillis

const printOf = (name: string) => createHash("sha256").update(name).digest("base64url")

export const make = (sql: SqlClient.SqlClient): Logins => {
  const own = LoginThrottle.make()
  return {
    wait: (name, { epochMs, monotonicMs }) =>
      sql<{ times: number; at: number }>`SELECT times, at FROM login_failures WHERE print = ${printOf(name)}`.pipe(
        DatabaseDeadline.within,
        Effect.map(([row]) => (row === undefined ? undefined : LoginThrottle.waitOf(row, epochMs))),
        Effect.catch(() => Effect.sync(() => own.wait(name, monotonicMs))),
      ),
    failed: (name, { epochMs, monotonicMs }) =>
      Effect.andThen(
        Effect.sync(() => own.wrong(name, monotonicMs)),
        sql`INSERT INTO login_failures AS f (print, times, at) VALUES (${printOf(name)}, 1, ${epochMs})
          ON CONFLICT (print) DO UPDATE SET
            times = CASE WHEN f.at < ${epochMs - forgotten} THEN 1 ELSE f.times + 1 END, at = excluded.at`.pipe(
          DatabaseDeadline.within,
          // This process has counted it by itself.
          Effect.ignore,
        ),
      ),
    succeeded: (name) =>
      Effect.andThen(
        Effect.sync(() => own.right(name)),
        Effect.ignore(DatabaseDeadline.within(sql`DELETE FROM login_failures WHERE print = ${printOf(name)}`)),
      ),
  }
}

export const sweep = (sql: SqlClient.SqlClient) =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => sql`DELETE FROM login_failures WHERE at < ${now - forgotten}`)
