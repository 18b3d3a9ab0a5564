/** The ISO 8601 calendar and the offsets of time zones, in integers; zone data comes from the runtime. */

export interface Fields {
  readonly year: number
  /** From 1. */
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly nano: number
}

export const nanosPerSecond = 1_000_000_000n
const secondsPerDay = 86_400

/** In seconds from 1970, in both directions: about 30 million years, within the exact range of numbers. */
export const farthest = 1_000_000_000_000_000

/** Days from 1970-01-01 to a date. Source: https://howardhinnant.github.io/date_algorithms.html#days_from_civil */
export const daysOf = (year: number, month: number, day: number): number => {
  const shifted = month <= 2 ? year - 1 : year
  const era = Math.floor(shifted / 400)
  const yearOfEra = shifted - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

/** The date at this many days after 1970-01-01. */
const dateOf = (days: number): Pick<Fields, "year" | "month" | "day"> => {
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const part = Math.floor((5 * dayOfYear + 2) / 153)
  const month = part < 10 ? part + 3 : part - 9
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * part + 2) / 5) + 1,
  }
}

/** Divides a bigint, rounding towards minus infinity. */
export const floor = (value: bigint, by: bigint): bigint => {
  const quotient = value / by
  return value % by < 0n ? quotient - 1n : quotient
}

/** The fields of a local time in nanoseconds. */
export const fieldsOf = (local: bigint): Fields => {
  const seconds = Number(floor(local, nanosPerSecond))
  const days = Math.floor(seconds / secondsPerDay)
  const time = seconds - days * secondsPerDay
  return {
    ...dateOf(days),
    hour: Math.floor(time / 3600),
    minute: Math.floor(time / 60) % 60,
    second: time % 60,
    nano: Number(local - BigInt(seconds) * nanosPerSecond),
  }
}

/** The local time of such fields in nanoseconds. */
export const localOf = ({ year, month, day, hour, minute, second, nano }: Fields): bigint =>
  BigInt(daysOf(year, month, day) * secondsPerDay + hour * 3600 + minute * 60 + second) * nanosPerSecond + BigInt(nano)

export const isLeap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0

export const lengthOfMonth = (year: number, month: number): number =>
  month === 2 ? (isLeap(year) ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31

/** Whether the date and time exist. */
export const isValid = ({ year, month, day, hour, minute, second, nano }: Fields): boolean =>
  Math.abs(year) <= 999_999 &&
  month >= 1 &&
  month <= 12 &&
  day >= 1 &&
  day <= lengthOfMonth(year, month) &&
  hour >= 0 &&
  hour < 24 &&
  minute >= 0 &&
  minute < 60 &&
  second >= 0 &&
  second < 60 &&
  nano >= 0 &&
  nano < 1_000_000_000

/** The same day of another month, or its last day if the month is shorter. */
export const plusMonths = (fields: Fields, months: number): Fields => {
  const all = fields.year * 12 + fields.month - 1 + months
  const year = Math.floor(all / 12)
  const month = all - year * 12 + 1
  return { ...fields, year, month, day: Math.min(fields.day, lengthOfMonth(year, month)) }
}

const offset = /^(?:UTC|GMT|UT)?([+-])(\d{1,2})(?::?(\d{2})(?::?(\d{2}))?)?$/

/** The offset in seconds of a zone with a fixed offset; undefined for a region. */
export const fixedOffset = (zone: string): number | undefined => {
  if (/^(?:Z|UTC|GMT|UT)$/.test(zone)) return 0
  const [, sign, hours = "0", minutes = "0", seconds = "0"] = offset.exec(zone) ?? []
  if (sign === undefined) return undefined
  return (sign === "-" ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds))
}

const two = (value: number): string => `${value}`.padStart(2, "0")

/** `Z` or `+02:00`. */
export const offsetText = (seconds: number): string => {
  if (seconds === 0) return "Z"
  const size = Math.abs(seconds)
  const rest = size % 60 === 0 ? "" : `:${two(size % 60)}`
  return `${seconds < 0 ? "-" : "+"}${two(Math.floor(size / 3600))}:${two(Math.floor(size / 60) % 60)}${rest}`
}

const formatter = (zone: string): Intl.DateTimeFormat | undefined => {
  if (zone.length > 64 || !/^[A-Za-z][A-Za-z0-9_+\-/]*$/.test(zone)) return undefined
  try {
    return new Intl.DateTimeFormat("en-US-u-ca-gregory-hc-h23", {
      timeZone: zone,
      era: "short",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    })
  } catch {
    // The runtime reports an unknown zone with a `RangeError`.
    return undefined
  }
}

export const isZone = (zone: string): boolean => {
  const fixed = fixedOffset(zone)
  return fixed === undefined ? formatter(zone) !== undefined : Math.abs(fixed) <= 18 * 3600
}

/** The offset in seconds of a zone at an instant, in seconds since 1970. */
export const offsetAt = (zone: string, instant: number): number => {
  const fixed = fixedOffset(zone)
  if (fixed !== undefined) return fixed
  // The runtime's dates cover 271,821 years; beyond them the offset at the end is used.
  const known = Math.min(8_640_000_000_000, Math.max(-8_640_000_000_000, instant))
  const parts = new Map(
    (formatter(zone)?.formatToParts(known * 1000) ?? []).map(({ type, value }) => [type, value] as const),
  )
  const read = (name: Intl.DateTimeFormatPartTypes): number => Number(parts.get(name) ?? 0)
  const year = parts.get("era") === "BC" ? 1 - read("year") : read("year")
  const local =
    daysOf(year, read("month"), read("day")) * secondsPerDay +
    read("hour") * 3600 +
    read("minute") * 60 +
    read("second")
  return local - known
}

/** The instant of a local time in a zone, both in nanoseconds; if clocks are set back, the earlier offset is used. */
export const instantOf = (local: bigint, zone: string): bigint => {
  const seconds = Number(floor(local, nanosPerSecond))
  const before = offsetAt(zone, seconds - offsetAt(zone, seconds - secondsPerDay))
  const after = offsetAt(zone, seconds - before)
  const used = after === before || offsetAt(zone, seconds - after) !== after ? before : after
  return local - BigInt(used) * nanosPerSecond
}
