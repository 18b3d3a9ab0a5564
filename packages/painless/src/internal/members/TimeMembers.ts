/** `java.time`, as far as scripts that read and print dates need it. A script has no `now()`: it takes `System.currentTimeMillis()`. */
import * as Calendar from "../Calendar.ts"
import type { Run } from "../Run.ts"
import * as TemporalText from "../TemporalText.ts"
import { Temporal, type TemporalType, type Value } from "../Value.ts"
import * as Method from "./Method.ts"
import * as Parameter from "./Parameter.ts"

const { m0, m1, m2 } = Method.on(Method.receiver((value) => value instanceof Temporal))
const of = Method.on(() => null)

/** Calendars and the data of zones take longer than a step. */
const costOfCalendar = 50
const costOfZone = 2_000

const invalid = (what: string, run: Run, heard = what): never => run.fail("DateTimeException", what, heard)

/** A value that lies within the years that the calendar knows. */
const within = (value: Temporal, run: Run): Temporal => {
  run.work(costOfCalendar)
  const seconds = value.at / Calendar.nanosPerSecond
  return seconds > BigInt(Calendar.farthest) || seconds < -BigInt(Calendar.farthest)
    ? invalid("the date lies too far away", run)
    : value
}

const zoneOf = (name: string, run: Run): Temporal => {
  run.work(costOfZone)
  if (!Calendar.isZone(name)) return invalid("there is no such time zone", run, `Unknown time-zone ID: ${name}`)
  return new Temporal("ZoneId", 0n, normal(name))
}

/** `+2` and `+0200` are `+02:00`. */
const normal = (zone: string): string => {
  const fixed = /^[+-]/.test(zone) ? Calendar.fixedOffset(zone) : undefined
  return fixed === undefined ? zone : Calendar.offsetText(fixed)
}

const hasRegion = ({ name, type }: Temporal): boolean =>
  type === "ZonedDateTime" && Calendar.fixedOffset(name) === undefined

const fieldsOf = (value: Temporal, run: Run): Calendar.Fields => {
  run.work(hasRegion(value) ? costOfZone : costOfCalendar)
  return TemporalText.fieldsOf(value)
}

/** The value of the same type with other local fields. */
const withFields = (value: Temporal, fields: Calendar.Fields, run: Run): Temporal => {
  if (!Calendar.isValid(fields)) invalid("there is no such date or time", run)
  return withLocal(value, Calendar.localOf(fields), run)
}

const withLocal = (value: Temporal, local: bigint, run: Run): Temporal => {
  if (value.type !== "ZonedDateTime") return within(new Temporal(value.type, local), run)
  run.work(hasRegion(value) ? 3 * costOfZone : costOfCalendar)
  return within(new Temporal("ZonedDateTime", Calendar.instantOf(local, value.name), value.name), run)
}

const lengths: ReadonlyMap<string, bigint> = new Map([
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

const inMonths: ReadonlyMap<string, number> = new Map([
  ["MONTHS", 1],
  ["YEARS", 12],
  ["DECADES", 120],
  ["CENTURIES", 1200],
])

/** Days and longer go by the calendar, so that the hour of a zone stays; what is shorter goes by the clock. */
const plus = (value: Temporal, amount: bigint, unit: string, run: Run): Temporal => {
  const months = inMonths.get(unit)
  if (value.type === "Instant" && (months !== undefined || unit === "WEEKS"))
    return run.fail("UnsupportedOperationException", `an Instant has no unit [${unit}]: use [atZone]`)
  if (months !== undefined) {
    if (amount > 100_000_000n || amount < -100_000_000n) invalid("the date lies too far away", run)
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

/** How many whole units lie between two values. */
const between = (unit: string, from: Temporal, to: Temporal, run: Run): bigint => {
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

const truncated = (value: Temporal, unit: string, run: Run): Temporal => {
  const length = lengths.get(unit)
  if (length === undefined || unit === "WEEKS")
    return run.fail("UnsupportedOperationException", `the unit [${unit}] is too large to cut to`)
  const local = value.type === "ZonedDateTime" ? Calendar.localOf(fieldsOf(value, run)) : value.at
  return withLocal(value, Calendar.floor(local, length) * length, run)
}

const order = (left: Temporal, right: Temporal): number => (left.at < right.at ? -1 : left.at > right.at ? 1 : 0)

const format = (formatter: Temporal, value: Temporal, run: Run): string => {
  run.work(costOfZone)
  return TemporalText.format(formatter, value) ?? invalid(`[${value.type}] does not have what the format needs`, run)
}

const unreadable = (text: string, run: Run): never =>
  run.fail("DateTimeParseException", "the text is no such date", `Text '${text}' could not be parsed at index 0`)

/** Reads a text as `type`; a date without a zone is none of those that need one. */
const parsed = (type: TemporalType, text: string, formatter: Temporal | undefined, run: Run): Temporal => {
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

const { int, long, string } = Parameter
const instant = Parameter.temporal("Instant")
const zone = Parameter.temporal("ZoneId")
const formatter = Parameter.temporal("DateTimeFormatter")
const unit = Parameter.temporal("ChronoUnit")
const duration = Parameter.temporal("Duration")
const point = Parameter.temporal("Instant", "ZonedDateTime", "LocalDateTime", "LocalDate")

const getter = (name: string, read: (fields: Calendar.Fields) => number) =>
  m0(name, "int", (self, run) => read(fieldsOf(self, run)))

const dateGetters = [
  getter("getYear", ({ year }) => year),
  getter("getMonthValue", ({ month }) => month),
  getter("getDayOfMonth", ({ day }) => day),
  getter("getDayOfYear", ({ day, month, year }) => Calendar.daysOf(year, month, day) - Calendar.daysOf(year, 1, 1) + 1),
  m0("getMonth", "Month", (self, run) =>
    constant("Month", TemporalText.months[fieldsOf(self, run).month - 1] ?? "", fieldsOf(self, run).month),
  ),
  m0("getDayOfWeek", "DayOfWeek", (self, run) => {
    const weekday = TemporalText.weekdayOf(fieldsOf(self, run))
    return constant("DayOfWeek", TemporalText.days[weekday - 1] ?? "", weekday)
  }),
]

const constant = (type: TemporalType, name: string, number: number): Temporal =>
  new Temporal(type, BigInt(number), name.toUpperCase())

const timeGetters = [
  getter("getHour", ({ hour }) => hour),
  getter("getMinute", ({ minute }) => minute),
  getter("getSecond", ({ second }) => second),
  getter("getNano", ({ nano }) => nano),
]

const setter = (own: TemporalType, name: string, field: keyof Calendar.Fields) =>
  m1(name, own, int, (self, value, run) => {
    const fields = { ...fieldsOf(self, run), [field]: value }
    const day =
      field === "year" || field === "month"
        ? Math.min(fields.day, Calendar.lengthOfMonth(fields.year, fields.month))
        : fields.day
    return withFields(self, { ...fields, day }, run)
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
    m1(`plus${title(name)}`, own, long, (self, amount, run) => plus(self, amount, name, run)),
    m1(`minus${title(name)}`, own, long, (self, amount, run) => plus(self, -amount, name, run)),
  ]),
  m2("plus", own, [long, unit], (self, amount, { name }, run) => plus(self, amount, name, run)),
  m2("minus", own, [long, unit], (self, amount, { name }, run) => plus(self, -amount, name, run)),
  m1("plus", own, duration, (self, { at }, run) => plus(self, at, "NANOS", run)),
  m1("minus", own, duration, (self, { at }, run) => plus(self, -at, "NANOS", run)),
]

const comparisons = [
  m1("isBefore", "boolean", point, (self, other) => order(self, other) < 0),
  m1("isAfter", "boolean", point, (self, other) => order(self, other) > 0),
  m1("isEqual", "boolean", point, (self, other) => order(self, other) === 0),
  m1("compareTo", "int", point, order),
  m2("until", "long", [point, unit], (self, other, { name }, run) => between(name, self, other, run)),
]

const small = ["NANOS", "MILLIS", "SECONDS"]
const ofTime = ["NANOS", "SECONDS", "MINUTES", "HOURS"]
const ofDate = ["DAYS", "WEEKS", "MONTHS", "YEARS"]

const cut = (own: TemporalType) => m1("truncatedTo", own, unit, (self, { name }, run) => truncated(self, name, run))

const printed = m1("format", "String", formatter, (self, by, run) => format(by, self, run))

const seconds = (at: bigint): bigint => Calendar.floor(at, Calendar.nanosPerSecond)

const local = (self: Temporal, run: Run): bigint => Calendar.localOf(fieldsOf(self, run))
const midnight = (at: bigint): bigint => {
  const day = 86_400_000_000_000n
  return Calendar.floor(at, day) * day
}

const inZone = (self: Temporal, { name }: Temporal, run: Run): Value => {
  run.work(costOfZone)
  return new Temporal("ZonedDateTime", self.at, name)
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
      m1("atZone", "ZonedDateTime", zone, inZone),
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
        run.work(costOfZone)
        return new Temporal("ZoneId", 0n, Calendar.offsetText(TemporalText.offsetOf(self)))
      }),
      m0("toInstant", "Instant", ({ at }) => new Temporal("Instant", at)),
      m0("toEpochSecond", "long", ({ at }) => seconds(at)),
      m0("toLocalDateTime", "LocalDateTime", (self, run) => new Temporal("LocalDateTime", local(self, run))),
      m0("toLocalDate", "LocalDate", (self, run) => new Temporal("LocalDate", midnight(local(self, run)))),
      m1("withZoneSameInstant", "ZonedDateTime", zone, inZone),
      m1("withZoneSameLocal", "ZonedDateTime", zone, (self, { name }, run) =>
        withLocal(new Temporal("ZonedDateTime", self.at, name), local(self, run), run),
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
        withLocal(new Temporal("ZonedDateTime", at, name), at, run),
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
        const { month, year } = fieldsOf(self, run)
        return Calendar.lengthOfMonth(year, month)
      }),
      m0("isLeapYear", "boolean", (self, run) => Calendar.isLeap(fieldsOf(self, run).year)),
      m0("atStartOfDay", "LocalDateTime", ({ at }) => new Temporal("LocalDateTime", at)),
      m1("atStartOfDay", "ZonedDateTime", zone, ({ at }, { name }, run) =>
        withLocal(new Temporal("ZonedDateTime", at, name), at, run),
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
      m1("plus", "Duration", duration, (self, other, run) => within(new Temporal("Duration", self.at + other.at), run)),
      m1("minus", "Duration", duration, (self, other, run) =>
        within(new Temporal("Duration", self.at - other.at), run),
      ),
      m1("compareTo", "int", duration, order),
    ]),
  ],
  ["ZoneId", Method.table([m0("getId", "String", ({ name }) => name)])],
  [
    "DateTimeFormatter",
    Method.table([
      m1("format", "String", point, format),
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
      m2("between", "long", [point, point], ({ name }, from, to, run) => between(name, from, to, run)),
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

const reading = (type: TemporalType) => [
  of.m1("parse", type, string, (_, text, run) => parsed(type, text, undefined, run)),
  ...(type === "Instant"
    ? []
    : [of.m2("parse", type, [string, formatter], (_, text, by, run) => parsed(type, text, by, run))]),
]

const durations = (name: string, unit: string) =>
  of.m1(name, "Duration", long, (_, amount, run) =>
    within(new Temporal("Duration", amount * (lengths.get(unit) ?? 1n)), run),
  )

const zones = [of.m1("of", "ZoneId", string, (_, name, run) => zoneOf(name, run))]

/** The functions that belong to classes, by class. */
export const statics: ReadonlyArray<readonly [string, Method.Table]> = [
  [
    "Instant",
    Method.table([
      ...reading("Instant"),
      of.m1("ofEpochMilli", "Instant", long, (_, millis, run) =>
        within(new Temporal("Instant", millis * 1_000_000n), run),
      ),
      of.m1("ofEpochSecond", "Instant", long, (_, amount, run) =>
        within(new Temporal("Instant", amount * Calendar.nanosPerSecond), run),
      ),
    ]),
  ],
  [
    "ZonedDateTime",
    Method.table([
      ...reading("ZonedDateTime"),
      of.m2("ofInstant", "ZonedDateTime", [instant, zone], (_, self, by, run) => inZone(self, by, run)),
      of.m2("of", "ZonedDateTime", [Parameter.temporal("LocalDateTime"), zone], (_, { at }, { name }, run) =>
        withLocal(new Temporal("ZonedDateTime", at, name), at, run),
      ),
    ]),
  ],
  [
    "LocalDateTime",
    Method.table([
      ...reading("LocalDateTime"),
      of.m2("ofInstant", "LocalDateTime", [instant, zone], (_, { at }, { name }, run) => {
        run.work(costOfZone)
        return new Temporal("LocalDateTime", local(new Temporal("ZonedDateTime", at, name), run))
      }),
    ]),
  ],
  [
    "LocalDate",
    Method.table([
      ...reading("LocalDate"),
      of.m3("of", "LocalDate", [int, int, int], (_, year, month, day, run) =>
        withFields(new Temporal("LocalDate", 0n), { year, month, day, hour: 0, minute: 0, second: 0, nano: 0 }, run),
      ),
      of.m1("ofEpochDay", "LocalDate", long, (_, days, run) =>
        within(new Temporal("LocalDate", days * 86_400_000_000_000n), run),
      ),
    ]),
  ],
  [
    "Duration",
    Method.table([
      of.m2("between", "Duration", [point, point], (_, from, to, run) =>
        within(new Temporal("Duration", to.at - from.at), run),
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
        run.work(costOfZone)
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
    (name, index) => [`${type}.${name.toUpperCase()}`, [type, constant(type, name, index + 1)] as const] as const,
  )

/** Constants by `Class.NAME`, each with its type. */
export const constants: ReadonlyArray<readonly [string, readonly [type: string, value: Value]]> = [
  ...named("ChronoUnit", [...lengths.keys(), ...inMonths.keys()]),
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
