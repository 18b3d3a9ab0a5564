/** Times as people read them. */

const units = [
  ["d", 86_400],
  ["h", 3_600],
  ["m", 60],
] as const

/** How long ago a time was, in its largest unit: `5m`. Both in ms since 1970. */
export const of = (time: number, now: number): string => {
  const seconds = Math.max(0, Math.floor((now - time) / 1_000))
  const [unit, size] = units.find(([, size]) => seconds >= size) ?? ["s", 1]
  return `${Math.floor(seconds / size)}${unit}`
}

/** `2026-11-28 01:02:03 UTC (5m ago)` */
export const moment = (time: number, now: number): string => {
  const written = `${new Date(time).toISOString().replace("T", " ").slice(0, 19)} UTC`
  return time > now ? `${written} (in ${of(now, time)})` : `${written} (${of(time, now)} ago)`
}

/** Whether a field of a record is a time: epoch milliseconds that fit a date. */
export const isTime = (name: string, value: unknown): value is number =>
  name.endsWith("_time") && typeof value === "number" && value > 1e11 && value < 8.64e15
