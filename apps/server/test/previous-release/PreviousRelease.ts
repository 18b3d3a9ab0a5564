/** A server of the previous release, as its database sees it: its schema and the statements that it sends. */
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import * as PgConnection from "@effect/sql-pg/PgConnection"
import { Effect, Redacted } from "effect"

/** The number of its last migration, and how many more it accepts: those of one release after it. */
export const newestMigration = 3
export const migrationsAhead = 1

export interface Connection {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly password: string
}

type Row = Readonly<Record<string, unknown>>

const connected = <A>({ user, password, ...where }: Connection, use: (query: Query) => Promise<A>): Promise<A> =>
  Effect.runPromise(
    Effect.scoped(
      Effect.flatMap(PgConnection.make({ ...where, username: user, password: Redacted.make(password) }), (connection) =>
        Effect.promise(() =>
          use((statement, values = []) =>
            Effect.runPromise(Effect.map(connection.query(statement, [...values]), ({ rows }) => rows)),
          ),
        ),
      ),
    ),
  )

type Query = (statement: string, values?: ReadonlyArray<unknown>) => Promise<ReadonlyArray<Row>>

export const createSchema = (to: Connection): Promise<void> =>
  connected(to, async (query) => {
    const text = await readFile(join(import.meta.dirname, "schema.sql"), "utf8")
    for (const statement of text.split(/;\s*$/m)) if (statement.trim() !== "") await query(statement)
  })

const nextSeqNo = async (query: Query, name: string) => {
  const [row] = await query(
    `INSERT INTO sequences (collection, last_seq_no) VALUES ($1, 0)
     ON CONFLICT (collection) DO UPDATE SET last_seq_no = sequences.last_seq_no + 1
     RETURNING last_seq_no`,
    [name],
  )
  return Number(row?.["last_seq_no"])
}

export interface Entry {
  readonly collection: string
  readonly id: string
}

/** One transaction that writes, which takes turns with those of the other servers and wakes them. */
const writing = (to: Connection, { collection, id }: Entry, write: (query: Query) => Promise<ReadonlyArray<Row>>) =>
  connected(to, async (query) => {
    await query("BEGIN")
    await query("SELECT pg_advisory_xact_lock(7161042001)")
    const rows = await write(query)
    await query(
      `INSERT INTO document_changes (collection, id, seq, writer, at)
       VALUES ($1, $2, $3, $4, CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT))
       ON CONFLICT (collection, id) DO UPDATE SET seq = excluded.seq, writer = excluded.writer, at = excluded.at`,
      [collection, id, await nextSeqNo(query, "_changes"), "a server of the previous release"],
    )
    await query("SELECT pg_notify('drawbar_changes', '')")
    await query("COMMIT")
    return rows
  })

/** What a record is found by: the value of each field, and the words of a text. */
export interface Indexed {
  readonly fields: Readonly<Record<string, string | number>>
  readonly words: Readonly<Record<string, string>>
}

const index = async (query: Query, { collection, id }: Entry, { fields, words }: Indexed) => {
  for (const [field, value] of Object.entries(fields))
    await query(
      `INSERT INTO document_fields ("collection", "id", "field", "text", "number") VALUES ($1, $2, $3, $4, $5)`,
      [collection, id, field, typeof value === "string" ? value : null, typeof value === "number" ? value : null],
    )
  for (const [field, text] of Object.entries(words))
    for (const [position, word] of text.toLowerCase().split(" ").entries())
      await query(
        `INSERT INTO document_words ("collection", "id", "field", "word", "position") VALUES ($1, $2, $3, $4, $5)`,
        [collection, id, field, word, position],
      )
}

export const create = (to: Connection, entry: Entry, source: object, indexed: Indexed) =>
  writing(to, entry, async (query) => {
    const rows = await query(
      `INSERT INTO documents ("collection", "id", "version", "seq_no", "source", "sealed") VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT DO NOTHING
       RETURNING *`,
      [entry.collection, entry.id, 1, await nextSeqNo(query, entry.collection), JSON.stringify(source), "{}"],
    )
    await index(query, entry, indexed)
    return rows
  })

export const replace = (to: Connection, entry: Entry, version: number, source: object, indexed: Indexed) =>
  writing(to, entry, async (query) => {
    const rows = await query(
      `UPDATE documents SET version = version + 1, seq_no = $1, source = $2, sealed = "sealed"
       WHERE (collection = $3 AND id = $4 AND version = $5) RETURNING *`,
      [await nextSeqNo(query, entry.collection), JSON.stringify(source), entry.collection, entry.id, version],
    )
    await query(`DELETE FROM document_fields WHERE collection = $1 AND id = $2`, [entry.collection, entry.id])
    await query(`DELETE FROM document_words WHERE collection = $1 AND id = $2`, [entry.collection, entry.id])
    await index(query, entry, indexed)
    return rows
  })

export const remove = (to: Connection, entry: Entry) =>
  writing(to, entry, async (query) => {
    await nextSeqNo(query, entry.collection)
    return query(`DELETE FROM documents WHERE (collection = $1 AND id = $2) RETURNING *`, [entry.collection, entry.id])
  })

export const get = (to: Connection, { collection, id }: Entry) =>
  connected(to, (query) =>
    query("SELECT id, version, seq_no, source, sealed FROM documents WHERE collection = $1 AND id = $2", [
      collection,
      id,
    ]),
  )

/** Its search for a word, with a total and a page. */
export const find = (to: Connection, collection: string, field: string, word: string) =>
  connected(to, async (query) => {
    const matches = `d.collection = $1 AND d.id IN (SELECT id FROM document_words WHERE collection = $1 AND word = $2 AND field = $3)`
    const [counted] = await query(`SELECT COUNT(*) AS total FROM documents d WHERE ${matches}`, [
      collection,
      word,
      field,
    ])
    const rows = await query(
      `SELECT m.id, m.version, m.seq_no, m.bytes, m.creation, m.key_0 FROM (
         SELECT d.id, d.version, d.seq_no, OCTET_LENGTH(d.source) AS bytes, d.creation AS creation,
           (SELECT MIN(f.number + 0) FROM document_fields f
             WHERE f.collection = d.collection AND f.id = d.id AND f.field = 'created_time') AS key_0
         FROM documents d WHERE ${matches}
       ) m ORDER BY m.key_0 asc NULLS LAST, m.creation LIMIT 10`,
      [collection, word, field],
    )
    return { total: Number(counted?.["total"]), ids: rows.map(({ id }) => String(id)) }
  })

/** What it follows: the records that were written after a position. */
export const since = (to: Connection, position: number) =>
  connected(to, (query) =>
    query("SELECT collection, id, seq, writer FROM document_changes WHERE seq > $1 ORDER BY seq LIMIT 1000", [
      position,
    ]),
  )

/** It says that it is alive. */
export const beat = (to: Connection, id: string) =>
  connected(to, (query) =>
    query(
      `INSERT INTO replicas (id, about, seen_at)
       VALUES ($1, $2, CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT))
       ON CONFLICT (id) DO UPDATE SET about = excluded.about, seen_at = excluded.seen_at`,
      [id, JSON.stringify({ host: "elsewhere", pid: 1, version: "0.0.1", started_time: 1_795_838_663_171 })],
    ),
  )
