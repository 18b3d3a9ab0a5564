/**
 * Fills a database with many connectors and models: the server makes a few, and SQL multiplies their rows, so that each
 * row is one that the server wrote.
 */
import { createHash } from "node:crypto"
import { DatabaseSync } from "node:sqlite"
import * as Json from "@drawbar/json-text/Json"
import { CredentialVault } from "@drawbar/registry/secrets/CredentialVault"
import { KeyRing } from "@drawbar/registry/secrets/KeyRing"
import * as SecretBinding from "@drawbar/registry/secrets/SecretBinding"
import type * as PostgresServer from "@drawbar/test-postgres/PostgresServer"
import { Effect, Layer, Redacted, Result } from "effect"

/** Runs statements in one database. */
export interface Database {
  readonly run: (statement: string) => Promise<ReadonlyArray<Readonly<Record<string, unknown>>>>
  /** The numbers from 1 to that one, as a table `series(n)`. */
  readonly series: (last: number) => string
  /** The SHA-256 of a text, in hexadecimal. */
  readonly sha256: (text: string) => string
  /** Eight hexadecimal digits, of a number below 2^32. */
  readonly hex: (number: string) => string
  /** Sets the sealed part of connectors, by their ids. */
  readonly seal: (sealed: ReadonlyArray<readonly [id: string, sealed: string]>) => Promise<unknown>
  readonly analyze: string
}

export const sqlite = (filename: string): Database & Disposable => {
  const database = new DatabaseSync(filename)
  database.exec("PRAGMA synchronous = OFF; PRAGMA cache_size = -200000;")
  database.function("sha256_hex", { deterministic: true }, (text) =>
    createHash("sha256").update(String(text)).digest("hex"),
  )
  return {
    run: async (statement) => database.prepare(statement).all(),
    series: (last) =>
      `(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < ${last}) SELECT n FROM s)`,
    sha256: (text) => `sha256_hex(${text})`,
    hex: (number) => `printf('%08x', ${number})`,
    seal: async (sealed) => {
      const update = database.prepare("UPDATE documents SET sealed = ? WHERE collection = 'connector' AND id = ?")
      database.exec("BEGIN")
      for (const [id, text] of sealed) update.run(text, id)
      database.exec("COMMIT")
    },
    analyze: "SELECT 1",
    [Symbol.dispose]: () => database.close(),
  }
}

export const postgres = (server: PostgresServer.PostgresServer, database: string): Database => ({
  run: (statement) => server.run(statement, database),
  series: (last) => `(SELECT generate_series(CAST(1 AS BIGINT), ${last}) AS n)`,
  sha256: (text) => `encode(sha256(convert_to(${text}, 'UTF8')), 'hex')`,
  hex: (number) => `lpad(to_hex(${number}), 8, '0')`,
  seal: (sealed) =>
    server.run(
      `UPDATE documents SET sealed = p.value ->> 1 FROM jsonb_array_elements(CAST(${quoted(JSON.stringify(sealed))} AS JSONB)) p
        WHERE collection = 'connector' AND id = p.value ->> 0`,
      database,
    ),
  // As the server's own autovacuum does after so many rows.
  analyze: "VACUUM ANALYZE",
})

/** What the server made, and what of it differs in each copy. */
export interface Seed {
  readonly connector: string
  readonly model: string
  /** A number in their names. */
  readonly token: string
}

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`

/** The credential of each. */
export const credential = { key: "k-1234567890" }

/** Seals the credential of each copy of a connector, since a secret opens in its own record alone. */
const sealCopies = async ({ run, seal }: Database, keyring: string, connector: string): Promise<void> => {
  const [seed] = await run(`SELECT source FROM documents WHERE collection = 'connector' AND id = ${quoted(connector)}`)
  const source = Result.getOrThrow(Json.parse(String(seed?.["source"])))
  const binding = SecretBinding.ofDocument("connector", Json.isObject(source) ? source : {})
  const vaults = CredentialVault.layer.pipe(
    Layer.provide(KeyRing.layerFile(keyring, Effect.succeed(new Set<string>()))),
  )
  const rows = await run(`SELECT id FROM documents
    WHERE collection = 'connector' AND id LIKE ${quoted(`${connector.slice(0, 12)}%`)}`)
  const sealed = await Effect.runPromise(
    Effect.flatMap(CredentialVault, (vault) =>
      Effect.forEach(rows, (row) => {
        const id = String(row["id"])
        const secrets = { key: Redacted.make(credential.key) }
        return Effect.map(
          vault.seal("connector", id, secrets, binding),
          (sealed) => [id, JSON.stringify(sealed)] as const,
        )
      }),
    ).pipe(Effect.provide(vaults)),
  )
  await seal(sealed)
}

/** Makes that many copies of each seed. */
export const multiply = async (
  database: Database,
  keyring: string,
  seeds: ReadonlyArray<Seed>,
  copies: number,
): Promise<void> => {
  const { run, series, sha256, hex } = database
  for (const [which, { connector, model, token }] of seeds.entries()) {
    // Spread over the index, like random ids; the constant is odd, so that no two numbers meet.
    const scattered = hex("(s.n * 2654435761) % 4294967296")
    const idOf = (id: string) => `(${quoted(id.slice(0, 12))} || ${scattered})`
    const sources = await run(`SELECT source FROM documents WHERE id IN (${quoted(connector)}, ${quoted(model)})`)
    const times = [...new Set(sources.flatMap(({ source }) => String(source).match(/\b1[0-9]{12}\b/g) ?? []))]
    const replaced = (column: string, fold = (text: string) => text) =>
      [
        ...[connector, model].map(
          (id) => [quoted(fold(id)), fold === lower ? `lower(${idOf(id)})` : idOf(id)] as const,
        ),
        [quoted(token), `CAST(s.n * ${seeds.length} + ${which} AS TEXT)`] as const,
        ...times.map((time) => [quoted(time), `CAST(${time} + s.n AS TEXT)`] as const),
      ].reduce((text, [from, to]) => `replace(${text}, ${from}, ${to})`, column)
    const copy = async (collection: string, id: string, newId: string) => {
      const from = `t, ${series(copies)} s WHERE t.collection = ${quoted(collection)} AND t.id = ${id}`
      await run(`INSERT INTO documents (collection, id, version, seq_no, source, sealed)
        SELECT t.collection, ${newId}, t.version, t.seq_no, ${replaced("t.source")}, t.sealed FROM documents ${from}`)
      await run(`INSERT INTO document_fields (collection, id, field, text, number)
        SELECT t.collection, ${newId}, t.field, ${replaced("t.text")},
          CASE WHEN t.number > 1000000000000 THEN t.number + s.n ELSE t.number END FROM document_fields ${from}`)
      await run(`INSERT INTO document_words (collection, id, field, word, position)
        SELECT t.collection, ${newId}, t.field, ${replaced("t.word", lower)}, t.position FROM document_words ${from}`)
    }
    const keyOf = (collection: string, id: string, time: string) =>
      sha256(`'["${collection}","' || ${id} || '",' || ${time} || ']'`)
    for (const [collection, id] of [
      ["connector", connector],
      ["model", model],
    ] as const) {
      await copy(collection, quoted(id), idOf(id))
      const created = await createdAt(run, collection, id)
      const [from, to] = [keyOf(collection, quoted(id), created), keyOf(collection, idOf(id), `(${created} + s.n)`)]
      await copy("history", from, to)
      await copy("version", `${from} || '.1'`, `${to} || '.1'`)
    }
    const guard = (id: string) => `'_connector_guard_' || ${sha256(id)}`
    await copy("config", guard(quoted(connector)), guard(idOf(connector)))
    await sealCopies(database, keyring, connector)
  }
  await run(database.analyze)
}

const createdAt = async (run: Database["run"], collection: string, id: string) => {
  const [row] = await run(`SELECT number FROM document_fields
    WHERE collection = ${quoted(collection)} AND id = ${quoted(id)} AND field = 'created_time'`)
  return String(row?.["number"])
}

const lower = (text: string) => text.toLowerCase()
