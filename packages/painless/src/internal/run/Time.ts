/** Arithmetic, reading and printing of dates, times and zones. */
import * as Calendar from "./Calendar.ts"
import type { Run } from "./Run.ts"
import * as TemporalText from "./TemporalText.ts"
import { Temporal, type TemporalType, type Value } from "./Value.ts"

/** Calendar computations and zone data take longer than a step. */
const costOfCalendar = 50
export const costOfZone = 2_000

const invalid = (what: string, run: Run, heard = what): never => run.fail("DateTimeException", what, heard)

/** A value within the years that the calendar supports. */
export const within = (value: Temporal, run: Run): Temporal => {
  run.work(costOfCalendar)
  const seconds = value.at / Calendar.nanosPerSecond
  return seconds > BigInt(Calendar.farthest) || seconds < -BigInt(Calendar.farthest)
    ? invalid("the date is out of range", run)
    : value
}

export const zoneOf = (name: string, run: Run): Temporal => {
  run.work(costOfZone)
  if (!Calendar.isZone(name)) return invalid("the time zone does not exist", run, `Unknown time-zone ID: ${name}`)
  return new Temporal("ZoneId", 0n, normal(name))
}

/** `+2` and `+0200` are `+02:00`. */
const normal = (zone: string): string => {
  const fixed = /^[+-]/.test(zone) ? Calendar.fixedOffset(zone) : undefined
  return fixed === undefined ? zone : Calendar.offsetText(fixed)
}

const hasRegion = ({ name, type }: Temporal): boolean =>
  type === "ZonedDateTime" && Calendar.fixedOffset(name) === undefined

export const fieldsOf = (value: Temporal, run: Run): Calendar.Fields => {
  run.work(hasRegion(value) ? costOfZone : costOfCalendar)
  return TemporalText.fieldsOf(value)
}

/** The value of the same type with other local fields. */
export const withFields = (value: Temporal, fields: Calendar.Fields, run: Run): Temporal => {
  if (!Calendar.isValid(fields)) invalid("the date or time does not exist", run)
  return withLocal(value, Calendar.localOf(fields), run)
}

export const withLocal = (value: Temporal, local: bigint, run: Run): Temporal => {
  if (value.type !== "ZonedDateTime") return within(new Temporal(value.type, local), run)
  run.work(hasRegion(value) ? 3 * costOfZone : costOfCalendar)
  return within(new Temporal("ZonedDateTime", Calendar.instantOf(local, value.name), value.name), run)
}

export const lengths: ReadonlyMap<string, bigint> = new Map([
  ["NANOS", 1n],
  ["MICROS", 1_000n],
  ["MILLIS", 1_000_000n],
  ["SECONDS", 1_000_000_000n],
  ["MINUTES", 60_000_000_000n],
  ["HOURS", 3_600_000_000_000n],
  ["HALF_DAYS", 43_200_000_000_000n],
  ["DAYS", 86_400_000_000_000n],
  ["WEEKS", 604_800_000_000_000n],
])

export const inMonths: ReadonlyMap<string, number> = new Map([
  ["MONTHS", 1],
  ["YEARS", 12],
  ["DECADES", 120],
  ["CENTURIES", 1200],
])

/** Days and longer units follow the calendar, so that the local hour is kept; shorter units follow the clock. */
export const plus = (value: Temporal, amount: bigint, unit: string, run: Run): Temporal => {
  const months = inMonths.get(unit)
  if (value.type === "Instant" && (months !== undefined || unit === "WEEKS"))
    return run.fail("UnsupportedOperationException", `an Instant has no unit [${unit}]: use [atZone]`)
  if (months !== undefined) {
    if (amount > 100_000_000n || amount < -100_000_000n) invalid("the date is out of range", run)
    return withFields(value, Calendar.plusMonths(fieldsOf(value, run), Number(amount) * months), run)
  }
  const length = (lengths.get(unit) ?? 1n) * amount
  if (value.type === "LocalDate" && length % 86_400_000_000_000n !== 0n)
    return run.fail("UnsupportedOperationException", `a LocalDate has no unit [${unit}]`)
  if (value.type === "ZonedDateTime" && (unit === "DAYS" || unit === "WEEKS"))
    return withLocal(value, Calendar.localOf(fieldsOf(value, run)) + length, run)
  return within(new Temporal(value.type, value.at + length, value.name), run)
}

const monthsOf = ({ month, year }: Calendar.Fields): bigint => BigInt(year * 12 + month)

/** The number of whole units between two values. */
export const between = (unit: string, from: Temporal, to: Temporal, run: Run): bigint => {
  const months = inMonths.get(unit)
  const isLocal = months !== undefined || unit === "DAYS" || unit === "WEEKS"
  const other =
    from.type === "ZonedDateTime" && to.type !== "LocalDate" ? new Temporal(from.type, to.at, from.name) : to
  const [start, end] = isLocal
    ? [Calendar.localOf(fieldsOf(from, run)), Calendar.localOf(fieldsOf(other, run))]
    : [from.at, to.at]
  if (months === undefined) return (end - start) / (lengths.get(unit) ?? 1n)
  const [a, b] = [Calendar.fieldsOf(start), Calendar.fieldsOf(end)]
  const day = 86_400_000_000_000n
  const rest = (fields: Calendar.Fields, local: bigint) =>
    BigInt(fields.day) * day + (local - Calendar.floor(local, day) * day)
  let count = monthsOf(b) - monthsOf(a)
  if (count > 0n && rest(b, end) < rest(a, start)) count--
  if (count < 0n && rest(b, end) > rest(a, start)) count++
  return count / BigInt(months)
}

export const truncated = (value: Temporal, unit: string, run: Run): Temporal => {
  const length = lengths.get(unit)
  if (length === undefined || unit === "WEEKS")
    return run.fail("UnsupportedOperationException", `the unit [${unit}] is too large for truncation`)
  const local = value.type === "ZonedDateTime" ? Calendar.localOf(fieldsOf(value, run)) : value.at
  return withLocal(value, Calendar.floor(local, length) * length, run)
}

export const order = (left: Temporal, right: Temporal): number => (left.at < right.at ? -1 : left.at > right.at ? 1 : 0)

export const format = (formatter: Temporal, value: Temporal, run: Run): string => {
  run.work(costOfZone)
  return TemporalText.format(formatter, value) ?? invalid(`[${value.type}] lacks a field that the format requires`, run)
}

const unreadable = (text: string, run: Run): never =>
  run.fail("DateTimeParseException", "the text is not such a date", `Text '${text}' could not be parsed at index 0`)

/** Parses a text as `type`; types with a zone reject a date without one. */
export const parsed = (type: TemporalType, text: string, formatter: Temporal | undefined, run: Run): Temporal => {
  run.work(costOfZone)
  const reading = formatter === undefined ? TemporalText.readIso(text) : TemporalText.read(formatter, text)
  if (reading === undefined) return unreadable(text, run)
  const local = Calendar.localOf(reading.fields)
  const isIso = formatter === undefined
  if (type === "LocalDate")
    return isIso && reading.hasTime
      ? unreadable(text, run)
      : within(new Temporal(type, Calendar.localOf({ ...reading.fields, hour: 0, minute: 0, second: 0, nano: 0 })), run)
  if (!reading.hasTime) return unreadable(text, run)
  if (type === "LocalDateTime")
    return isIso && (reading.offset ?? reading.zone) !== undefined
      ? unreadable(text, run)
      : within(new Temporal(type, local), run)
  const zone = reading.zone ?? reading.offset ?? formatter?.zone ?? ""
  if (zone === "" || !Calendar.isZone(zone)) return unreadable(text, run)
  const at = Calendar.instantOf(local, reading.offset ?? zone)
  return within(new Temporal(type, at, type === "Instant" ? "" : normal(zone)), run)
}

export const constant = (type: TemporalType, name: string, number: number): Temporal =>
  new Temporal(type, BigInt(number), name.toUpperCase())

export const local = (self: Temporal, run: Run): bigint => Calendar.localOf(fieldsOf(self, run))
export const inZone = (self: Temporal, { name }: Temporal, run: Run): Value => {
  run.work(costOfZone)
  return new Temporal("ZonedDateTime", self.at, name)
}
