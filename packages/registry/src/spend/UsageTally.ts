/** Counts calls until they are written: each predict passes here, so that a call changes numbers in place and makes no row. */
import * as UsageRow from "./UsageRow.ts"

type Row = { -readonly [K in keyof UsageRow.UsageRow]: UsageRow.UsageRow[K] }

/** Rows of one day that are kept apart; further callers of that day share the row of their key and model. */
const maxRowsOfDay = 10_000

export class UsageTally {
  #day = ""
  #rows = new Map<string, Row>()
  /** Of keys, over all days. */
  readonly #sums = new Map<string, Row>()
  readonly #changed = new Set<Row>()

  add(day: string, key: string, user: string, model: string, counts: UsageRow.Counts): void {
    this.#count(this.#rowOf(day, key, user, model), counts)
    if (key !== "") this.#count(this.#sumOf(key, user), counts)
  }

  /** A row that is stored already counts to those of its day. */
  know({ day, key, user, model }: UsageRow.UsageRow): void {
    this.#rowOf(day, key, user, model)
  }

  /** What was counted since the last time, each row once. */
  take(): ReadonlyArray<UsageRow.UsageRow> {
    const taken = new Map<string, UsageRow.UsageRow>()
    for (const row of this.#changed) {
      const name = `${row.day}\0${nameOf(row)}`
      taken.set(name, { ...row, ...UsageRow.plus(taken.get(name) ?? UsageRow.none, row) })
      Object.assign(row, UsageRow.none)
    }
    this.#changed.clear()
    return [...taken.values()]
  }

  /** Counts rows again that could not be written. */
  putBack(rows: ReadonlyArray<UsageRow.UsageRow>): void {
    // Each is a row of its own: its day may be over.
    for (const row of rows) this.#changed.add({ ...row })
  }

  #count(row: Row, counts: UsageRow.Counts): void {
    UsageRow.add(row, counts)
    this.#changed.add(row)
  }

  #rowOf(day: string, key: string, user: string, model: string): Row {
    if (day !== this.#day) {
      this.#day = day
      this.#rows = new Map()
    }
    const name = nameOf({ key, user, model })
    const known = this.#rows.get(name)
    if (known !== undefined) return known
    if (this.#rows.size >= maxRowsOfDay && user !== others) return this.#rowOf(day, key, others, model)
    const row = { day, key, user, model, ...UsageRow.none }
    this.#rows.set(name, row)
    return row
  }

  #sumOf(key: string, user: string): Row {
    const known = this.#sums.get(key)
    if (known !== undefined) return known
    const row = { day: "", key, user, model: "", ...UsageRow.none }
    this.#sums.set(key, row)
    return row
  }
}

const nameOf = ({ key, user, model }: Pick<Row, "key" | "user" | "model">) => `${key}\0${user}\0${model}`

const others = "(others)"
