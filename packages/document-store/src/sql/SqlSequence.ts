/** Sequence numbers: each row of `sequences` counts from 0, in the transaction of the write. */
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"

export const nextSeqNo = (sql: SqlClient.SqlClient, name: string) =>
  Effect.map(
    sql<{ last_seq_no: number | bigint }>`
      INSERT INTO sequences (collection, last_seq_no) VALUES (${name}, 0)
      ON CONFLICT (collection) DO UPDATE SET last_seq_no = sequences.last_seq_no + 1
      RETURNING last_seq_no`,
    ([row]) => Number(row?.last_seq_no),
  )
