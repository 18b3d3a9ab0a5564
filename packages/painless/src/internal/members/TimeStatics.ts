/** The functions and constants of the classes of `java.time`. */
import * as Calendar from "../run/Calendar.ts"
import * as TemporalText from "../run/TemporalText.ts"
import * as Time from "../run/Time.ts"
import { Temporal, type TemporalType, type Value } from "../run/Value.ts"
import * as Method from "./Method.ts"
import * as MethodParameter from "./MethodParameter.ts"

const of = Method.on(() => null)
const { int, long, string } = MethodParameter
const instant = MethodParameter.temporal("Instant")
const zone = MethodParameter.temporal("ZoneId")
const formatter = MethodParameter.temporal("DateTimeFormatter")
const point = MethodParameter.temporal("Instant", "ZonedDateTime", "LocalDateTime", "LocalDate")

const reading = (type: TemporalType) => [
  of.m1("parse", type, string, (_, text, run) => Time.parsed(type, text, undefined, run)),
  ...(type === "Instant"
    ? []
    : [of.m2("parse", type, [string, formatter], (_, text, by, run) => Time.parsed(type, text, by, run))]),
]

const durations = (name: string, unit: string) =>
  of.m1(name, "Duration", long, (_, amount, run) =>
    Time.within(new Temporal("Duration", amount * (Time.lengths.get(unit) ?? 1n)), run),
  )

const zones = [of.m1("of", "ZoneId", string, (_, name, run) => Time.zoneOf(name, run))]

/** The static functions, by class. */
export const functions: ReadonlyArray<readonly [string, Method.Table]> = [
  [
    "Instant",
    Method.table([
      ...reading("Instant"),
      of.m1("ofEpochMilli", "Instant", long, (_, millis, run) =>
        Time.within(new Temporal("Instant", millis * 1_000_000n), run),
      ),
      of.m1("ofEpochSecond", "Instant", long, (_, amount, run) =>
        Time.within(new Temporal("Instant", amount * Calendar.nanosPerSecond), run),
      ),
    ]),
  ],
  [
    "ZonedDateTime",
    Method.table([
      ...reading("ZonedDateTime"),
      of.m2("ofInstant", "ZonedDateTime", [instant, zone], (_, self, by, run) => Time.inZone(self, by, run)),
      of.m2("of", "ZonedDateTime", [MethodParameter.temporal("LocalDateTime"), zone], (_, { at }, { name }, run) =>
        Time.withLocal(new Temporal("ZonedDateTime", at, name), at, run),
      ),
    ]),
  ],
  [
    "LocalDateTime",
    Method.table([
      ...reading("LocalDateTime"),
      of.m2("ofInstant", "LocalDateTime", [instant, zone], (_, { at }, { name }, run) => {
        run.work(Time.costOfZone)
        return new Temporal("LocalDateTime", Time.local(new Temporal("ZonedDateTime", at, name), run))
      }),
    ]),
  ],
  [
    "LocalDate",
    Method.table([
      ...reading("LocalDate"),
      of.m3("of", "LocalDate", [int, int, int], (_, year, month, day, run) =>
        Time.withFields(
          new Temporal("LocalDate", 0n),
          { year, month, day, hour: 0, minute: 0, second: 0, nano: 0 },
          run,
        ),
      ),
      of.m1("ofEpochDay", "LocalDate", long, (_, days, run) =>
        Time.within(new Temporal("LocalDate", days * 86_400_000_000_000n), run),
      ),
    ]),
  ],
  [
    "Duration",
    Method.table([
      of.m2("between", "Duration", [point, point], (_, from, to, run) =>
        Time.within(new Temporal("Duration", to.at - from.at), run),
      ),
      durations("ofNanos", "NANOS"),
      durations("ofMillis", "MILLIS"),
      durations("ofSeconds", "SECONDS"),
      durations("ofMinutes", "MINUTES"),
      durations("ofHours", "HOURS"),
      durations("ofDays", "DAYS"),
    ]),
  ],
  ["ZoneId", Method.table(zones)],
  ["ZoneOffset", Method.table(zones)],
  [
    "DateTimeFormatter",
    Method.table([
      of.m1("ofPattern", "DateTimeFormatter", string, (_, pattern, run) => {
        run.work(Time.costOfZone)
        const parts = pattern.length > 200 ? "…" : TemporalText.pieces(pattern)
        return typeof parts === "string"
          ? run.fail("IllegalArgumentException", `the letter [${parts}] of the pattern is not supported`)
          : new Temporal("DateTimeFormatter", 0n, pattern)
      }),
    ]),
  ],
]

const named = (type: TemporalType, names: ReadonlyArray<string>) =>
  names.map(
    (name, index) => [`${type}.${name.toUpperCase()}`, [type, Time.constant(type, name, index + 1)] as const] as const,
  )

/** Constants by `Class.NAME`, each with its type. */
export const constants: ReadonlyArray<readonly [string, readonly [type: string, value: Value]]> = [
  ...named("ChronoUnit", [...Time.lengths.keys(), ...Time.inMonths.keys()]),
  ...named("Month", TemporalText.months),
  ...named("DayOfWeek", TemporalText.days),
  ...named("DateTimeFormatter", [
    "ISO_INSTANT",
    "ISO_DATE",
    "ISO_LOCAL_DATE",
    "ISO_LOCAL_TIME",
    "BASIC_ISO_DATE",
    "ISO_LOCAL_DATE_TIME",
    "ISO_OFFSET_DATE_TIME",
    "ISO_DATE_TIME",
    "ISO_ZONED_DATE_TIME",
  ]),
  ["ZoneOffset.UTC", ["ZoneId", new Temporal("ZoneId", 0n, "Z")]],
  ["Instant.EPOCH", ["Instant", new Temporal("Instant", 0n)]],
]
