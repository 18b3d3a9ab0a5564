/**
 * The part of `java.time` that scripts need to parse and print dates. A script has no `now()`: it uses
 * `System.currentTimeMillis()`.
 */
import * as Calendar from "../run/Calendar.ts"
import * as Time from "../run/Time.ts"
import * as TemporalText from "../run/TemporalText.ts"
import { Temporal, type TemporalType } from "../run/Value.ts"
import * as Method from "./Method.ts"
import * as MethodParameter from "./MethodParameter.ts"

const { m0, m1, m2 } = Method.on(Method.receiver((value) => value instanceof Temporal))

const { int, long } = MethodParameter
const zone = MethodParameter.temporal("ZoneId")
const formatter = MethodParameter.temporal("DateTimeFormatter")
const unit = MethodParameter.temporal("ChronoUnit")
const duration = MethodParameter.temporal("Duration")
const point = MethodParameter.temporal("Instant", "ZonedDateTime", "LocalDateTime", "LocalDate")

const getter = (name: string, read: (fields: Calendar.Fields) => number) =>
  m0(name, "int", (self, run) => read(Time.fieldsOf(self, run)))

const dateGetters = [
  getter("getYear", ({ year }) => year),
  getter("getMonthValue", ({ month }) => month),
  getter("getDayOfMonth", ({ day }) => day),
  getter("getDayOfYear", ({ day, month, year }) => Calendar.daysOf(year, month, day) - Calendar.daysOf(year, 1, 1) + 1),
  m0("getMonth", "Month", (self, run) =>
    Time.constant(
      "Month",
      TemporalText.months[Time.fieldsOf(self, run).month - 1] ?? "",
      Time.fieldsOf(self, run).month,
    ),
  ),
  m0("getDayOfWeek", "DayOfWeek", (self, run) => {
    const weekday = TemporalText.weekdayOf(Time.fieldsOf(self, run))
    return Time.constant("DayOfWeek", TemporalText.days[weekday - 1] ?? "", weekday)
  }),
]

const timeGetters = [
  getter("getHour", ({ hour }) => hour),
  getter("getMinute", ({ minute }) => minute),
  getter("getSecond", ({ second }) => second),
  getter("getNano", ({ nano }) => nano),
]

const setter = (own: TemporalType, name: string, field: keyof Calendar.Fields) =>
  m1(name, own, int, (self, value, run) => {
    const fields = { ...Time.fieldsOf(self, run), [field]: value }
    const day =
      field === "year" || field === "month"
        ? Math.min(fields.day, Calendar.lengthOfMonth(fields.year, fields.month))
        : fields.day
    return Time.withFields(self, { ...fields, day }, run)
  })

const dateSetters = (own: TemporalType) => [
  setter(own, "withYear", "year"),
  setter(own, "withMonth", "month"),
  setter(own, "withDayOfMonth", "day"),
]

const timeSetters = (own: TemporalType) => [
  setter(own, "withHour", "hour"),
  setter(own, "withMinute", "minute"),
  setter(own, "withSecond", "second"),
  setter(own, "withNano", "nano"),
]

const title = (name: string): string => name.slice(0, 1) + name.slice(1).toLowerCase()

/** `plusDays`, `minusHours` and so on, and the forms with a unit or a `Duration`. */
const sums = (own: TemporalType, units: ReadonlyArray<string>) => [
  ...units.flatMap((name) => [
    m1(`plus${title(name)}`, own, long, (self, amount, run) => Time.plus(self, amount, name, run)),
    m1(`minus${title(name)}`, own, long, (self, amount, run) => Time.plus(self, -amount, name, run)),
  ]),
  m2("plus", own, [long, unit], (self, amount, { name }, run) => Time.plus(self, amount, name, run)),
  m2("minus", own, [long, unit], (self, amount, { name }, run) => Time.plus(self, -amount, name, run)),
  m1("plus", own, duration, (self, { at }, run) => Time.plus(self, at, "NANOS", run)),
  m1("minus", own, duration, (self, { at }, run) => Time.plus(self, -at, "NANOS", run)),
]

const comparisons = [
  m1("isBefore", "boolean", point, (self, other) => Time.order(self, other) < 0),
  m1("isAfter", "boolean", point, (self, other) => Time.order(self, other) > 0),
  m1("isEqual", "boolean", point, (self, other) => Time.order(self, other) === 0),
  m1("compareTo", "int", point, Time.order),
  m2("until", "long", [point, unit], (self, other, { name }, run) => Time.between(name, self, other, run)),
]

const small = ["NANOS", "MILLIS", "SECONDS"]
const ofTime = ["NANOS", "SECONDS", "MINUTES", "HOURS"]
const ofDate = ["DAYS", "WEEKS", "MONTHS", "YEARS"]

const cut = (own: TemporalType) =>
  m1("truncatedTo", own, unit, (self, { name }, run) => Time.truncated(self, name, run))

const printed = m1("format", "String", formatter, (self, by, run) => Time.format(by, self, run))

const seconds = (at: bigint): bigint => Calendar.floor(at, Calendar.nanosPerSecond)

const midnight = (at: bigint): bigint => {
  const day = 86_400_000_000_000n
  return Calendar.floor(at, day) * day
}

export const tables: ReadonlyArray<readonly [string, Method.Table]> = [
  [
    "Instant",
    Method.table([
      ...sums("Instant", small),
      ...comparisons,
      cut("Instant"),
      m0("toEpochMilli", "long", ({ at }) => Calendar.floor(at, 1_000_000n)),
      m0("getEpochSecond", "long", ({ at }) => seconds(at)),
      m0("getNano", "int", ({ at }) => Number(at - seconds(at) * Calendar.nanosPerSecond)),
      m1("atZone", "ZonedDateTime", zone, Time.inZone),
    ]),
  ],
  [
    "ZonedDateTime",
    Method.table([
      ...dateGetters,
      ...timeGetters,
      ...dateSetters("ZonedDateTime"),
      ...timeSetters("ZonedDateTime"),
      ...sums("ZonedDateTime", [...ofTime, ...ofDate]),
      ...comparisons,
      cut("ZonedDateTime"),
      printed,
      m0("getZone", "ZoneId", ({ name }) => new Temporal("ZoneId", 0n, name)),
      m0("getOffset", "ZoneId", (self, run) => {
        run.work(Time.costOfZone)
        return new Temporal("ZoneId", 0n, Calendar.offsetText(TemporalText.offsetOf(self)))
      }),
      m0("toInstant", "Instant", ({ at }) => new Temporal("Instant", at)),
      m0("toEpochSecond", "long", ({ at }) => seconds(at)),
      m0("toLocalDateTime", "LocalDateTime", (self, run) => new Temporal("LocalDateTime", Time.local(self, run))),
      m0("toLocalDate", "LocalDate", (self, run) => new Temporal("LocalDate", midnight(Time.local(self, run)))),
      m1("withZoneSameInstant", "ZonedDateTime", zone, Time.inZone),
      m1("withZoneSameLocal", "ZonedDateTime", zone, (self, { name }, run) =>
        Time.withLocal(new Temporal("ZonedDateTime", self.at, name), Time.local(self, run), run),
      ),
    ]),
  ],
  [
    "LocalDateTime",
    Method.table([
      ...dateGetters,
      ...timeGetters,
      ...dateSetters("LocalDateTime"),
      ...timeSetters("LocalDateTime"),
      ...sums("LocalDateTime", [...ofTime, ...ofDate]),
      ...comparisons,
      cut("LocalDateTime"),
      printed,
      m0("toLocalDate", "LocalDate", ({ at }) => new Temporal("LocalDate", midnight(at))),
      m1("atZone", "ZonedDateTime", zone, ({ at }, { name }, run) =>
        Time.withLocal(new Temporal("ZonedDateTime", at, name), at, run),
      ),
    ]),
  ],
  [
    "LocalDate",
    Method.table([
      ...dateGetters,
      ...dateSetters("LocalDate"),
      ...sums("LocalDate", ofDate),
      ...comparisons,
      printed,
      m0("toEpochDay", "long", ({ at }) => at / 86_400_000_000_000n),
      m0("lengthOfMonth", "int", (self, run) => {
        const { month, year } = Time.fieldsOf(self, run)
        return Calendar.lengthOfMonth(year, month)
      }),
      m0("isLeapYear", "boolean", (self, run) => Calendar.isLeap(Time.fieldsOf(self, run).year)),
      m0("atStartOfDay", "LocalDateTime", ({ at }) => new Temporal("LocalDateTime", at)),
      m1("atStartOfDay", "ZonedDateTime", zone, ({ at }, { name }, run) =>
        Time.withLocal(new Temporal("ZonedDateTime", at, name), at, run),
      ),
    ]),
  ],
  [
    "Duration",
    Method.table([
      m0("toNanos", "long", ({ at }) => BigInt.asIntN(64, at)),
      m0("toMillis", "long", ({ at }) => Calendar.floor(at, 1_000_000n)),
      m0("getSeconds", "long", ({ at }) => seconds(at)),
      m0("toMinutes", "long", ({ at }) => seconds(at) / 60n),
      m0("toHours", "long", ({ at }) => seconds(at) / 3600n),
      m0("toDays", "long", ({ at }) => seconds(at) / 86_400n),
      m0("isNegative", "boolean", ({ at }) => at < 0n),
      m0("isZero", "boolean", ({ at }) => at === 0n),
      m1("plus", "Duration", duration, (self, other, run) =>
        Time.within(new Temporal("Duration", self.at + other.at), run),
      ),
      m1("minus", "Duration", duration, (self, other, run) =>
        Time.within(new Temporal("Duration", self.at - other.at), run),
      ),
      m1("compareTo", "int", duration, Time.order),
    ]),
  ],
  ["ZoneId", Method.table([m0("getId", "String", ({ name }) => name)])],
  [
    "DateTimeFormatter",
    Method.table([
      m1("format", "String", point, Time.format),
      m1(
        "withZone",
        "DateTimeFormatter",
        zone,
        (self, { name }) => new Temporal("DateTimeFormatter", 0n, self.name, name),
      ),
    ]),
  ],
  [
    "ChronoUnit",
    Method.table([
      m2("between", "long", [point, point], ({ name }, from, to, run) => Time.between(name, from, to, run)),
      m0("name", "String", ({ name }) => name),
    ]),
  ],
  ...(["DayOfWeek", "Month"] as const).map(
    (type) =>
      [
        type,
        Method.table([
          m0("getValue", "int", ({ at }) => Number(at)),
          m0("name", "String", ({ name }) => name),
          m0("ordinal", "int", ({ at }) => Number(at) - 1),
        ]),
      ] as const,
  ),
]
