/** Prints and parses `java.time` values: ISO 8601, and the patterns of `DateTimeFormatter`. */
import * as Calendar from "./Calendar.ts"
import { Temporal } from "./Value.ts"

export const months = "January February March April May June July August September October November December".split(" ")
export const days = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split(" ")

const pad = (value: number, width: number): string =>
  value < 0 ? `-${`${-value}`.padStart(width, "0")}` : `${value}`.padStart(width, "0")

const date = ({ year, month, day }: Calendar.Fields): string =>
  `${year > 9999 ? "+" : ""}${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`

/** In as many groups of three digits as necessary. */
const fraction = (nano: number): string => {
  if (nano === 0) return ""
  const digits = pad(nano, 9)
  return `.${digits.endsWith("000000") ? digits.slice(0, 3) : digits.endsWith("000") ? digits.slice(0, 6) : digits}`
}

const time = ({ hour, minute, second, nano }: Calendar.Fields, always: boolean): string => {
  const seconds = always || second !== 0 || nano !== 0 ? `:${pad(second, 2)}${fraction(nano)}` : ""
  return `${pad(hour, 2)}:${pad(minute, 2)}${seconds}`
}

/** The offset in seconds of a value with a zone. */
export const offsetOf = ({ at, name }: Temporal): number =>
  Calendar.offsetAt(name, Number(Calendar.floor(at, Calendar.nanosPerSecond)))

/** The local fields of a value, in its own zone. */
export const fieldsOf = (value: Temporal): Calendar.Fields =>
  Calendar.fieldsOf(
    value.type === "ZonedDateTime" ? value.at + BigInt(offsetOf(value)) * Calendar.nanosPerSecond : value.at,
  )

/** The result of `toString()`. */
export const of = (value: Temporal): string => {
  const fields = () => fieldsOf(value)
  switch (value.type) {
    case "Instant":
      return `${date(fields())}T${time(fields(), true)}Z`
    case "LocalDate":
      return date(fields())
    case "LocalDateTime":
      return `${date(fields())}T${time(fields(), false)}`
    case "ZonedDateTime":
      return `${date(fields())}T${time(fields(), false)}${Calendar.offsetText(offsetOf(value))}${region(value)}`
    case "Duration":
      return duration(value.at)
    case "ChronoUnit":
    case "ChronoField":
      return (
        value.name.slice(0, 1) +
        value.name
          .slice(1)
          .toLowerCase()
          .replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())
      )
    default:
      return value.name
  }
}

const region = ({ name }: Temporal): string => (name === "Z" || /^[+-]/.test(name) ? "" : `[${name}]`)

const part = (value: bigint, unit: string): string => (value === 0n ? "" : `${value}${unit}`)

const duration = (nanos: bigint): string => {
  if (nanos === 0n) return "PT0S"
  const total = nanos / Calendar.nanosPerSecond
  const rest = nanos % Calendar.nanosPerSecond
  const [hours, minutes, seconds] = [total / 3600n, (total / 60n) % 60n, total % 60n]
  const digits = `${rest < 0n ? -rest : rest}`.padStart(9, "0").replace(/0+$/, "")
  const point = rest === 0n ? `${seconds}` : `${seconds === 0n && rest < 0n ? "-0" : seconds}.${digits}`
  return `PT${part(hours, "H")}${part(minutes, "M")}${seconds === 0n && rest === 0n ? "" : `${point}S`}`
}

const isoDateTime =
  /^([+-]?\d{4,6})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?(Z|[+-]\d{2}(?::?\d{2}(?::?\d{2})?)?)?(?:\[([^\]]+)\])?$/

/** A parsed date and time: its fields, and the offset or zone if one is written. */
export interface Reading {
  readonly fields: Calendar.Fields
  readonly offset?: string
  readonly zone?: string
  readonly hasTime: boolean
}

/** Parses ISO 8601; undefined if the text is not such a date. */
export const readIso = (text: string): Reading | undefined => {
  if (text.length > 100) return undefined
  const match = isoDateTime.exec(text)
  if (match === null) return undefined
  const [, year, month, day, hour, minute = "0", second = "0", nano = "0", offset, zone] = match
  const fields = {
    year: Number(year),
    month: Number(month),
    day: Number(day),
    hour: Number(hour ?? 0),
    minute: Number(minute),
    second: Number(second),
    nano: Number(nano.padEnd(9, "0")),
  }
  if (!Calendar.isValid(fields)) return undefined
  return {
    fields,
    hasTime: hour !== undefined,
    ...(offset === undefined ? {} : { offset }),
    ...(zone === undefined ? {} : { zone }),
  }
}

interface Piece {
  readonly letter: string
  readonly count: number
  /** Literal text in the pattern. */
  readonly literal: string
}

const letters = /^([yuMLdDHhkmsSnaEXxZVz])\1*/

/** The parts of a pattern, or the unsupported letter. */
export const pieces = (pattern: string): ReadonlyArray<Piece> | string => {
  const found: Array<Piece> = []
  for (let at = 0; at < pattern.length;) {
    const rest = pattern.slice(at)
    const run = letters.exec(rest)?.[0]
    const quoted = /^'((?:[^']|'')*)'/.exec(rest)
    if (run !== undefined) found.push({ letter: run.charAt(0), count: run.length, literal: "" })
    else if (quoted !== null)
      found.push({ letter: "", count: 0, literal: quoted[1] === "" ? "'" : (quoted[1] ?? "").replaceAll("''", "'") })
    else if (/^[A-Za-z'[\]{}#]/.test(rest)) return rest.slice(0, 1)
    else found.push({ letter: "", count: 0, literal: rest.slice(0, 1) })
    at += run?.length ?? quoted?.[0].length ?? 1
  }
  return found
}

const dayOfWeek = ({ year, month, day }: Calendar.Fields): number =>
  ((((Calendar.daysOf(year, month, day) + 3) % 7) + 7) % 7) + 1

export const weekdayOf = dayOfWeek

const zoneText = (letter: string, count: number, zone: string, offset: number): string => {
  if (letter === "V" || letter === "z") return zone
  if (letter === "X" && offset === 0) return "Z"
  const text = offset === 0 ? "+00:00" : Calendar.offsetText(offset)
  if (letter === "Z") return count < 4 ? text.replace(":", "") : `GMT${text}`
  return count === 1 ? text.replace(/:00$/, "").replace(":", "") : count === 2 ? text.replace(":", "") : text
}

const piece = ({ letter, count, literal }: Piece, fields: Calendar.Fields, zone: string, offset: number): string => {
  switch (letter) {
    case "y":
    case "u":
      return count === 2 ? pad(((fields.year % 100) + 100) % 100, 2) : pad(fields.year, count)
    case "M":
    case "L": {
      const name = months[fields.month - 1] ?? ""
      return count === 3 ? name.slice(0, 3) : count === 4 ? name : pad(fields.month, count)
    }
    case "d":
      return pad(fields.day, count)
    case "D":
      return pad(Calendar.daysOf(fields.year, fields.month, fields.day) - Calendar.daysOf(fields.year, 1, 1) + 1, count)
    case "H":
      return pad(fields.hour, count)
    case "h":
      return pad(((fields.hour + 11) % 12) + 1, count)
    case "k":
      return pad(((fields.hour + 23) % 24) + 1, count)
    case "m":
      return pad(fields.minute, count)
    case "s":
      return pad(fields.second, count)
    case "S":
      return pad(fields.nano, 9).slice(0, count).padEnd(count, "0")
    case "n":
      return pad(fields.nano, count)
    case "a":
      return fields.hour < 12 ? "AM" : "PM"
    case "E": {
      const name = days[dayOfWeek(fields) - 1] ?? ""
      return count < 4 ? name.slice(0, 3) : name
    }
    case "":
      return literal
    default:
      return zoneText(letter, count, zone, offset)
  }
}

/** Prints a value with a formatter; undefined if the value lacks a field. */
export const format = (formatter: Temporal, value: Temporal): string | undefined => {
  const zone = value.type === "ZonedDateTime" ? (formatter.zone === "" ? value.name : formatter.zone) : formatter.zone
  const isAbsolute = value.type === "ZonedDateTime" || value.type === "Instant"
  if (formatter.name === "ISO_INSTANT") return isAbsolute ? of(new Temporal("Instant", value.at)) : undefined
  if (isAbsolute && zone === "") return undefined
  const shown = isAbsolute ? new Temporal("ZonedDateTime", value.at, zone) : value
  const fields = fieldsOf(shown)
  const offset = isAbsolute ? offsetOf(shown) : 0
  switch (formatter.name) {
    case "ISO_DATE":
      return date(fields) + (isAbsolute ? Calendar.offsetText(offset) : "")
    case "ISO_LOCAL_DATE":
      return date(fields)
    case "BASIC_ISO_DATE":
      return date(fields).replaceAll("-", "") + (isAbsolute ? Calendar.offsetText(offset).replace(":", "") : "")
    case "ISO_LOCAL_TIME":
      return time(fields, true)
    case "ISO_LOCAL_DATE_TIME":
      return `${date(fields)}T${time(fields, true)}`
    case "ISO_OFFSET_DATE_TIME":
      return isAbsolute ? `${date(fields)}T${time(fields, true)}${Calendar.offsetText(offset)}` : undefined
    case "ISO_DATE_TIME":
    case "ISO_ZONED_DATE_TIME":
      return `${date(fields)}T${time(fields, true)}${isAbsolute ? Calendar.offsetText(offset) + region(shown) : ""}`
  }
  const parts = pieces(formatter.name)
  if (typeof parts === "string") return undefined
  if (!isAbsolute && parts.some(({ letter }) => letter !== "" && "XxZVz".includes(letter))) return undefined
  return parts.map((each) => piece(each, fields, zone, offset)).join("")
}

/** Parses a text with a formatter; undefined if it does not match. */
export const read = (formatter: Temporal, text: string): Reading | undefined => {
  if (text.length > 200) return undefined
  if (formatter.name === "BASIC_ISO_DATE") return readIso(text.replace(/^(\d{4})(\d{2})(\d{2})/, "$1-$2-$3"))
  if (formatter.name.startsWith("ISO_")) return readIso(text)
  const parts = pieces(formatter.name)
  if (typeof parts === "string") return undefined
  let at = 0
  let half: number | undefined
  let zone: string | undefined
  const fields = { year: 1970, month: 1, day: 1, hour: 0, minute: 0, second: 0, nano: 0 }
  let hasTime = false
  const take = (pattern: RegExp): string | undefined => {
    const found = pattern.exec(text.slice(at))?.[0]
    if (found !== undefined) at += found.length
    return found
  }
  for (const [index, { count, letter, literal }] of parts.entries()) {
    if (letter === "") {
      if (!text.startsWith(literal, at)) return undefined
      at += literal.length
      continue
    }
    // Adjacent digits have a fixed width.
    const next = parts[index + 1]
    const width =
      next !== undefined && /[yuMdHhmsS]/.test(next.letter)
        ? count
        : Math.max(count, letter === "y" || letter === "u" ? 6 : 2)
    if ((letter === "M" || letter === "L") && count >= 3) {
      const name = take(/^[A-Za-z]+/)?.toLowerCase()
      const month = months.findIndex((month) => (count === 3 ? month.slice(0, 3) : month).toLowerCase() === name)
      if (month < 0) return undefined
      fields.month = month + 1
    } else if (letter === "E") {
      if (take(/^[A-Za-z]+/) === undefined) return undefined
    } else if (letter === "a") {
      const found = take(/^[AaPp][Mm]/)
      if (found === undefined) return undefined
      half = /^[Pp]/.test(found) ? 12 : 0
    } else if ("XxZ".includes(letter)) {
      zone = take(/^(?:Z|[+-]\d{2}(?::?\d{2})?)/)
      if (zone === undefined) return undefined
    } else if ("Vz".includes(letter)) {
      zone = take(/^[A-Za-z0-9_+\-/:]+/)
      if (zone === undefined) return undefined
    } else {
      const digits = take(new RegExp(letter === "S" ? `^\\d{${count}}` : `^\\d{${Math.min(count, width)},${width}}`))
      if (digits === undefined) return undefined
      const value = Number(digits)
      if (letter === "y" || letter === "u") fields.year = count === 2 ? 2000 + value : value
      else if (letter === "M" || letter === "L") fields.month = value
      else if (letter === "d") fields.day = value
      else if (letter === "H" || letter === "k") fields.hour = value
      else if (letter === "h") fields.hour = value % 12
      else if (letter === "m") fields.minute = value
      else if (letter === "s") fields.second = value
      else if (letter === "S") fields.nano = Number(digits.slice(0, 9).padEnd(9, "0"))
      else return undefined
      hasTime ||= "Hhkms".includes(letter)
    }
  }
  const whole = half === undefined ? fields : { ...fields, hour: fields.hour + half }
  if (at !== text.length || !Calendar.isValid(whole)) return undefined
  return { fields: whole, hasTime, ...(zone === undefined ? {} : { zone }) }
}
