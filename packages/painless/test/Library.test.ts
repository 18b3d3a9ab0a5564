/** Java classes other than lists, maps and strings; features that Painless rejects; the texts of `getMessage()`. */
import { Result } from "effect"
import { describe, expect, it } from "vitest"
import * as Script from "../src/Script.ts"
import * as World from "../src/World.ts"
import { attempt, failure, random, text } from "./Evaluation.ts"

const params = '{"s":"Hello","t":"a  b","l":["p","q"],"n":null}'

const compile = (source: string) => Script.compile(source, { returns: "String" })
const world = (): World.World => ({ ...World.fixed(), now: () => 1_700_000_000_123 })

const table = (title: string, rows: ReadonlyArray<readonly [source: string, answer: string]>) =>
  describe(title, () => {
    it.each(rows)("%s → %s", (source, answer) => expect(text(source, params)).toBe(answer))
  })

table("regular expressions", [
  ["'abc' =~ /b/", "true"],
  ["'abc' ==~ /b/", "false"],
  ["'abc' ==~ /.b./", "true"],
  ["'A' + ('b' =~ /b/)", '"Atrue"'],
  ["/,/.split('a,b,,')", '["a","b"]'],
  ["/,/.split('a,b,,', -1)", '["a","b","",""]'],
  ["/,/.split('a,b,c', 2)", '["a","b,c"]'],
  ["/,/.split('')", '[""]'],
  ["/x/.split('abc')", '["abc"]'],
  ["/(\\w)(\\d)/.matcher('x7').replaceAll('$2$1')", '"7x"'],
  ["/a/.matcher('aba').replaceFirst('\\\\$')", '"$ba"'],
  ["'aXbX'.replaceAll(/X/, m -> m.group().toLowerCase())", '"axbx"'],
  ["'aXbX'.replaceFirst(/X/, m -> '$1')", '"a$1bX"'],
  ["/\\s+/.matcher(params.t).replaceAll('_')", '"a_b"'],
  [
    "def m = /(?<n>\\d+)/.matcher('a12b3'); def l = []; while (m.find()) { l.add(m.namedGroup('n') + m.start()) } l",
    '["121","34"]',
  ],
  ["def m = /a*/.matcher('baa'); int n = 0; while (m.find()) { n++ } n", "3"],
  ["def m = /(a)|(b)/.matcher('b'); m.find(); [m.group(1), m.group(2), m.groupCount(), m.end()]", '[null,"b",2,1]'],
  ["/hello/i.matcher(params.s).matches()", "true"],
  ["/^b$/m.matcher('a\nb').find()", "true"],
  ["/a.b/s.matcher('a\nb').find()", "true"],
  ["/[\\]\\/]/.matcher(']').find()", "true"],
  ["/\\u0041/.matcher('A').matches()", "true"],
  ["6 / 2 / 3", "1"],
  ["def a = 6; a /2/ 1", "3"],
  ["/a/.pattern() + /a/i.flags()", '"a2"'],
  ["['a', 'b1'].stream().filter(/\\d/.asPredicate()).count()", "1"],
])

describe("rejects regular expressions that RE2 does not support by name", () => {
  it.each([
    ["/(?=a)b/", "lookahead and lookbehind are not supported"],
    ["/(?!a)b/", "lookahead and lookbehind are not supported"],
    ["/(?<=a)b/", "lookahead and lookbehind are not supported"],
    ["/(?<!a)b/", "lookahead and lookbehind are not supported"],
    ["/(a)\\1/", "back-references are not supported"],
    ["/(?<n>a)\\k<n>/", "back-references are not supported"],
    ["/(?>a)/", "atomic groups are not supported"],
    ["/a*+/", "possessive repetition is not supported"],
    ["/[a&&b]/", "classes inside classes are not supported"],
    ["/a/x", "the flag [x] is not supported"],
    ["/(a{1,500}){1,500}/", "compiles to more than"],
  ])("%s", (source, words) => {
    const { reason } = failure(`${source}.matcher('a').find()`)
    expect(reason._tag).toBe("Syntax")
    expect(reason.message).toContain(words.replace("compiles to more than", ""))
  })

  it("never crash on random patterns and texts", () => {
    const seed = 1_968
    const below = random(seed)
    const alphabet = "ab()[]{}*+?|\\.^$,-:<>=!&d1 "
    for (let round = 0; round < 500; round++) {
      const pattern = Array.from({ length: 1 + below(12) }, () => alphabet.charAt(below(alphabet.length))).join("")
      if (/\/|^\*/.test(pattern)) continue
      const source = `def m = /${pattern}/.matcher(params.s); int n = 0; while (m.find()) { n++ } return m.replaceAll('x') + n`
      const where = `seed ${seed}, round ${round}: ${source}`
      try {
        const result = attempt(source, '{"s":"ab1 ab()[]"}')
        if (Result.isFailure(result))
          expect(["Syntax", "Runtime", "LimitExceeded"], where).toContain(result.failure.reason._tag)
      } catch (error) {
        throw new Error(where, { cause: error })
      }
    }
  })
})

table("java.time", [
  ["ZonedDateTime.parse('2020-01-01T00:00:00Z').getYear().toString()", '"2020"'],
  ["Instant.ofEpochMilli(1700000000123L).toString()", '"2023-11-14T22:13:20.123Z"'],
  ["Instant.parse('2023-11-14T22:13:20Z').toEpochMilli()", "1700000000000"],
  [
    "ZonedDateTime.ofInstant(Instant.ofEpochMilli(1700000000123L), ZoneId.of('Europe/Paris')).toString()",
    '"2023-11-14T23:13:20.123+01:00[Europe/Paris]"',
  ],
  [
    "DateTimeFormatter.ofPattern(\"yyyy-MM-dd'T'HH:mm:ss.SSS EEE MMM a\").withZone(ZoneId.of('UTC')).format(Instant.ofEpochMilli(1700000000123L))",
    '"2023-11-14T22:13:20.123 Tue Nov PM"',
  ],
  ["ZonedDateTime.parse('2020-01-31T00:00:00+02:00').plusMonths(1).toString()", '"2020-02-29T00:00+02:00"'],
  [
    "ZonedDateTime.parse('2020-07-01T12:00:00Z').withZoneSameInstant(ZoneId.of('America/New_York')).format(DateTimeFormatter.ISO_OFFSET_DATE_TIME)",
    '"2020-07-01T08:00:00-04:00"',
  ],
  [
    "ZonedDateTime.parse('2020-03-28T12:00:00+01:00[Europe/Paris]').plusDays(1).toInstant().toString()",
    '"2020-03-29T10:00:00Z"',
  ],
  ["ZonedDateTime.parse('2020-03-28T12:00:00+01:00[Europe/Paris]').plusHours(24).getHour()", "13"],
  [
    "ChronoUnit.DAYS.between(ZonedDateTime.parse('2020-01-01T00:00:00Z'), ZonedDateTime.parse('2020-03-01T00:00:00Z'))",
    "60",
  ],
  ["ChronoUnit.MONTHS.between(LocalDate.parse('2020-01-31'), LocalDate.parse('2020-02-29'))", "0"],
  ["ChronoUnit.YEARS.between(LocalDate.parse('2000-02-29'), LocalDate.parse('2023-03-01'))", "23"],
  [
    "ZonedDateTime.parse('01/02/2020 10:11 +0100', DateTimeFormatter.ofPattern('dd/MM/yyyy HH:mm Z')).toInstant().toEpochMilli()",
    "1580548260000",
  ],
  ["LocalDate.parse('2020-02-29').plusYears(1).toString()", '"2021-02-28"'],
  ["LocalDate.of(2024, 2, 29).getDayOfWeek().toString()", '"THURSDAY"'],
  ["Duration.ofSeconds(3661).toString()", '"PT1H1M1S"'],
  ["Duration.between(Instant.ofEpochMilli(0), Instant.ofEpochMilli(1500)).toString()", '"PT1.5S"'],
  ["ZonedDateTime.parse('2020-01-01T13:14:15Z').truncatedTo(ChronoUnit.HOURS).toString()", '"2020-01-01T13:00Z"'],
  ["Instant.ofEpochMilli(0).isBefore(Instant.ofEpochMilli(1))", "true"],
  ["Instant.ofEpochMilli(5) == Instant.ofEpochMilli(5)", "true"],
])

describe("java.time", () => {
  it("parses what it prints, for any instant and zone", () => {
    const seed = 1_582
    const below = random(seed)
    const zones = ["Z", "+05:30", "-09:00", "Europe/Paris", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]
    for (let round = 0; round < 200; round++) {
      const millis = (below(2 ** 31) - 2 ** 30) * 4_000 + below(1_000)
      const zone = zones[below(zones.length)]
      const where = `seed ${seed}, round ${round}: ${millis} in ${zone}`
      expect(text(`Instant.ofEpochMilli(${millis}L).toString()`), where).toBe(
        JSON.stringify(new Date(millis).toISOString().replace(".000Z", "Z")),
      )
      const printed = `ZonedDateTime.ofInstant(Instant.ofEpochMilli(${millis}L), ZoneId.of('${zone}')).toString()`
      expect(text(`ZonedDateTime.parse(${printed}).toInstant().toEpochMilli()`), where).toBe(`${millis}`)
    }
  })

  it.each([
    ["ZonedDateTime.parse('nope')", "DateTimeParseException"],
    ["ZonedDateTime.parse('2021-02-29T00:00:00Z')", "DateTimeParseException"],
    ["LocalDateTime.parse('2020-01-01T00:00:00Z')", "DateTimeParseException"],
    ["ZoneId.of('Mars/Olympus')", "DateTimeException"],
    ["Instant.ofEpochSecond(9000000000000000000L)", "DateTimeException"],
    ["LocalDate.parse('2020-01-01').plusYears(9000000000L)", "DateTimeException"],
    ["DateTimeFormatter.ofPattern('QQ')", "IllegalArgumentException"],
  ])("rejects an invalid date: %s", (source, kind) => {
    expect(failure(source).reason).toMatchObject({ _tag: "Runtime", kind })
  })
})

table("streams, Optional and collectors", [
  ["[1, 2, 3].stream().findFirst().get()", "1"],
  ["[].stream().findFirst().isPresent()", "false"],
  ["[].stream().findFirst().orElse('x')", '"x"'],
  ["[1, 2].stream().mapToInt(x -> x).sum()", "3"],
  ["[1, 2].stream().mapToDouble(x -> x).average().getAsDouble()", "1.5"],
  ["'' + [1, 3, 2].stream().max((a, b) -> a - b)", '"Optional[3]"'],
  ["IntStream.range(0, 4).boxed().collect(Collectors.toList())", "[0,1,2,3]"],
  ["['a', 'bb'].stream().collect(Collectors.groupingBy(w -> w.length()))", '{"1":["a"],"2":["bb"]}'],
  ["['a', 'bb', 'c'].stream().collect(Collectors.groupingBy(w -> w.length(), Collectors.counting()))", '{"1":2,"2":1}'],
  ["['a', 'b'].stream().collect(Collectors.toMap(x -> x, x -> x + x))", '{"a":"aa","b":"bb"}'],
  ["['a', 'a'].stream().collect(Collectors.toMap(x -> x, x -> 1, (x, y) -> x + y))", '{"a":2}'],
  ["['a', 'b'].stream().collect(Collectors.joining(', ', '[', ']'))", '"[a, b]"'],
  ["[1, 2, 3].stream().collect(Collectors.partitioningBy(x -> x > 1))", '{"false":[1],"true":[2,3]}'],
  ["Optional.ofNullable(params.n).map(x -> x + 1).orElse('none')", '"none"'],
  ["Optional.of(2).map(x -> x + 1).filter(x -> x > 2).isPresent()", "true"],
  ["try { Optional.empty().get() } catch (NoSuchElementException e) { return e.getMessage() }", '"No value present"'],
  ["[1, 2].stream().map(x -> x * 2).reduce(0, (a, b) -> a + b)", "6"],
  ["params.l.stream().map(String::hashCode).collect(Collectors.toList())", "[112,113]"],
])

table("Objects and hash codes", [
  ["'hello'.hashCode()", "99162322"],
  ["[1, 2].hashCode()", "994"],
  ["['a': 1].hashCode()", "96"],
  ["1.5.hashCode()", "1073217536"],
  ["5000000000L.hashCode()", "705032705"],
  ["true.hashCode()", "1231"],
  ["Objects.hash(new def[] {1, 'a'})", "1089"],
  ["Objects.toString(null, 'd') + Objects.equals('a', 'a') + Objects.hashCode(null)", '"dtrue0"'],
  ["'abc'.chars().sum()", "294"],
  ["'abc'.chars().mapToObj(c -> (char) c).collect(Collectors.toList())", '["a","b","c"]'],
])

table("identity of strings", [
  ["'a' !== 'a'", "true"],
  ["'a' === 'a'", "false"],
  ["def a = 'x'; def b = 'x'; a === b", "true"],
  ["def k = params.s; k === k", "true"],
  ["params.s === params.s", "true"],
  ["params.s !== 'Hello'", "true"],
  ["params.s.trim() === 'Hello'", "false"],
])

describe("rejects what Painless rejects", () => {
  it.each([
    ["Arrays.toString(new int[] {1})", "[Arrays] has no method [toString]"],
    ["' a '.strip()", "[String] has no method [strip]"],
    ["' '.isBlank()", "[String] has no method [isBlank]"],
    ["'a'.repeat(2)", "[String] has no method [repeat]"],
    ["'a,b'.split(',')", "[String] has no method [split]"],
    ["'aXb'.replaceAll('X', '-')", "argument 1 of [replaceAll] is [String] where [Pattern] is needed"],
    ["'hi'.sha256()", "[String] has no method [sha256]"],
    ["def s = 0; [1].forEach(x -> { s += x }); s", "variable [s] is read-only in a lambda"],
    ["def s = 0; [1].forEach(x -> { s++ }); s", "variable [s] is read-only in a lambda"],
    ["def s = 0; [1].forEach(x -> { [2].forEach(y -> { s = y }) }); s", "variable [s] is read-only in a lambda"],
    ["while (true) { }", "no paths escape from while loop"],
    ["for (;;) { }", "no paths escape from for loop"],
    ["while (false) { params.s = 1 }", "extraneous while loop"],
    ["while (params.s != null) { return 1 }", "extraneous while loop"],
    ["for (x in [1]) { return x }", "extraneous for each loop"],
    ["for (x in [1]) { break }", "extraneous for each loop"],
    ["do { return 1 } while (params.s != null)", "extraneous do while loop"],
    ["int i = 0; while (true) { i++ } return i", "this statement is unreachable"],
    ["List<String> x = []; x", "generics are not in Painless: write [List]"],
    ["def f = x -> x; f.apply(1)", "a lambda cannot become [def]"],
    ["[x -> x]", "a lambda cannot be an element"],
    ["return x -> x", "a lambda cannot become [def]"],
    ["String.format('%s', 'a')", "argument 2 of [format] is [String] where [def[]] is needed"],
    ["new BigDecimal(3)", "argument 1 of [new] is [int] where [String] is needed"],
    ["Integer.valueOf('3')", "argument 1 of [valueOf] is [String] where [int] is needed"],
    ["[1].stream().toList()", "[Stream] has no method [toList]"],
    ["[1].stream().sum()", "[Stream] has no method [sum]"],
    ["Arrays.asList([1])", "argument 1 of [asList] is [ArrayList] where [def[]] is needed"],
    ["Instant.now()", "[Instant] has no method [now]"],
  ])("%s", (source, words) => {
    const { reason } = failure(source)
    expect(reason._tag).toBe("Syntax")
    expect(reason.message).toContain(words)
  })

  it.each([
    "Collections.emptyList().add(1)",
    "Collections.singletonList(1).set(0, 2)",
    "Collections.unmodifiableList([1]).clear()",
    "Collections.emptyMap().put('a', 1)",
    "def m = Collections.unmodifiableMap(['a': 1]); m.a = 2",
    "Arrays.asList(new int[] {1, 2}).add(3)",
  ])("a read-only collection: %s", (source) => {
    expect(failure(source).reason).toMatchObject({ _tag: "Runtime", kind: "UnsupportedOperationException" })
  })

  it("requires a String result, at compile time if its type is known", () => {
    expect(Result.isFailure(compile("return 5"))).toBe(true)
    expect(Result.isFailure(compile("return ['a': 1]"))).toBe(true)
    for (const source of ["return null", "return params.s", "'a'", "if (params.s != null) { return 'x' }"])
      expect(Result.isSuccess(compile(source)), source).toBe(true)
  })
})

table("a lambda captures the values of variables when it is created", [
  ["int k = 10; Function f = x -> x * k; k = 20; f.apply(1)", "10"],
  ["Function f = x -> { def y = x; y += 1; return y }; f.apply(1) + f.apply(5)", "8"],
  ["def l = []; [1, 2].eachWithIndex((x, i) -> l.add(x * 10 + i)); l", "[10,21]"],
])

describe("getMessage() returns Java's texts, which callers never see", () => {
  it.each([
    ["Integer.parseInt('x')", 'For input string: "x"'],
    ["Integer.parseInt('99999999999')", 'For input string: "99999999999"'],
    ["Integer.parseInt('zz', 16)", 'For input string: "zz" under radix 16'],
    ["Double.parseDouble('x')", 'For input string: "x"'],
    ["Double.parseDouble('')", "empty String"],
    ["1 / (params.l.size() - 2)", "/ by zero"],
    ["params.l[9]", "Index 9 out of bounds for length 2"],
    ["params.l.get(9)", "Index 9 out of bounds for length 2"],
    ["new int[1][5]", "Index 5 out of bounds for length 1"],
    ["params.s.substring(9)", "begin 9, end 5, length 5"],
    ["params.s.charAt(9)", "Index 9 out of bounds for length 5"],
    [
      "(List) params.s",
      "class java.lang.String cannot be cast to class java.util.List (java.lang.String and java.util.List are in module java.base of loader 'bootstrap')",
    ],
    ["String q = params.l", "cannot implicitly cast def [java.util.ArrayList] to java.lang.String"],
    ["params.s.nope()", "dynamic method [java.lang.String, nope/0] not found"],
    ["params.s.nope", "dynamic getter [java.lang.String, nope] not found"],
    ["params.n.x", 'Cannot invoke "Object.getClass()" because "callArgs[0]" is null'],
    ["params.n.trim()", 'Cannot invoke "Object.getClass()" because "callArgs[0]" is null'],
    ["throw new IllegalStateException('own')", "own"],
  ])("%s", (source, message) => {
    const statement = source === "new int[1][5]" ? "def a = new int[1]; a[5]" : source
    const body = /^(?:String|throw|def)/.test(statement) ? statement : `def x = ${statement}`
    const caught = `try { ${body.replace(/; a\[5\]$/, "; def x = a[5]")}; return 'none' } catch (Exception e) { return e.getMessage() }`
    expect(text(caught.replace("'own'); return 'none'", "'own')"), params)).toBe(JSON.stringify(message))
  })

  it("quotes no data to callers", () => {
    expect(failure("Integer.parseInt(params.s)", '{"s":"secret"}').message).not.toContain("secret")
    expect(failure("ZonedDateTime.parse(params.s)", '{"s":"secret"}').message).not.toContain("secret")
    expect(
      failure("try { Integer.parseInt(params.s) } catch (Exception e) { throw e }", '{"s":"secret"}').message,
    ).not.toContain("secret")
  })
})

describe("time and randomness", () => {
  it("come from the World", () => {
    expect(text("System.currentTimeMillis()", "{}", { world: world() })).toBe("1700000000123")
    expect(text("Instant.ofEpochMilli(System.currentTimeMillis()).toString()", "{}", { world: world() })).toBe(
      '"2023-11-14T22:13:20.123Z"',
    )
    const source = "[Math.random(), UUID.randomUUID().toString()]"
    expect(text(source, "{}", { world: world() })).toBe(text(source, "{}", { world: world() }))
    expect(text(source)).toMatch(/^\[0\.\d+,"[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}"\]$/)
  })
})
