/**
 * A point in time in a search: epoch milliseconds, an ISO date, or date math such as `now-1d/d`.
 *
 * Source: https://docs.opensearch.org/latest/field-types/supported-field-types/date/#date-math
 */
import { DateTime, Option } from "effect"

/**
 * Milliseconds since the epoch, or `undefined` if the text is not a date. With `end`, a rounded or partial date means
 * its last millisecond.
 */
export const parse = (text: string, now: DateTime.Utc, end: boolean): number | undefined => {
  if (/^-?\d{5,17}$/.test(text)) return Number(text)
  const [, anchor = "", rest = ""] = /^(now|.{4,40}?\|\||[^|]{4,40}$)(.{0,100})$/.exec(text) ?? []
  const from = anchor === "now" ? now : iso(anchor.replace("||", ""), end && rest === "")
  const moved = from && maths(from, rest, end)
  return moved && DateTime.toEpochMillis(moved)
}

/** `2026`, `2026-01`, `2026-01-31`; with a time of day in UTC unless an offset follows. */
const iso = (text: string, end: boolean): DateTime.Utc | undefined => {
  const [, year, month, day, time, offset] =
    /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d(?::\d\d(?::\d\d(?:\.\d{1,9})?)?)?)(Z|[+-]\d\d:\d\d)?)?)?)?$/.exec(text) ?? []
  if (year === undefined) return undefined
  const clock = time === undefined ? "00:00" : time.length === 2 ? `${time}:00` : time
  const date = DateTime.make(`${year}-${month ?? "01"}-${day ?? "01"}T${clock}${offset ?? "Z"}`)
  const precision = month === undefined ? "year" : day === undefined ? "month" : time === undefined ? "day" : undefined
  return Option.getOrUndefined(
    Option.map(date, (start) => (end && precision !== undefined ? DateTime.endOf(start, precision) : start)),
  )
}

const maths = (from: DateTime.Utc, steps: string, end: boolean): DateTime.Utc | undefined => {
  let at = from
  let rest = steps
  while (rest !== "") {
    const [step = "", sign, amount = "1", moved, rounded] =
      /^(?:([+-])(\d{0,6})([yMwdhHms])|\/([yMwdhHms]))/.exec(rest) ?? []
    if (step === "") return undefined
    const unit = units[(moved ?? rounded) as keyof typeof units]
    if (rounded !== undefined) at = end ? DateTime.endOf(at, unit, monday) : DateTime.startOf(at, unit, monday)
    else at = DateTime.add(at, { [`${unit}s`]: Number(`${sign}${amount || "1"}`) })
    rest = rest.slice(step.length)
  }
  return at
}

const units = { y: "year", M: "month", w: "week", d: "day", h: "hour", H: "hour", m: "minute", s: "second" } as const
const monday = { weekStartsOn: 1 } as const
