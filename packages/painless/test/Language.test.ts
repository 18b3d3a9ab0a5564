import { describe, expect, it } from "vitest"
import { text } from "./Evaluation.ts"

const params = JSON.stringify({
  name: "drawbar",
  docs: ["a", "b", "c"],
  nothing: null,
  yes: true,
  deep: { list: [{ text: "found" }], float: [0.5] },
}).replace(/}$/, `,"int":7,"double":7.0,"tiny":1e-7,"big":12345678901234,"huge":123456789012345678901234567890}`)

type Row = readonly [source: string, answer: string]

const table = (title: string, rows: ReadonlyArray<Row>) =>
  describe(title, () => {
    it.each(rows)("%s → %s", (source, answer) => expect(text(source, params)).toBe(answer))
  })

table("int arithmetic is Java's", [
  ["7 / 2", "3"],
  ["-7 / 2", "-3"],
  ["-7 % 3", "-1"],
  ["2147483647 + 1", "-2147483648"],
  ["-2147483648 - 1", "2147483647"],
  ["-2147483648 / -1", "-2147483648"],
  ["65536 * 65536", "0"],
  ["46341 * 46341", "-2147479015"],
  ["1 << 33", "2"],
  ["-1 >> 1", "-1"],
  ["-1 >>> 28", "15"],
  ["6 & 3", "2"],
  ["6 | 3", "7"],
  ["6 ^ 3", "5"],
  ["~6", "-7"],
  ["2 + 3 * 4 - -1", "15"],
  ["(2 + 3) * 4", "20"],
  ["0x1F + 010", "39"],
  ["-2147483648", "-2147483648"],
])

table("long arithmetic keeps 64 bits", [
  ["2147483647L + 1", "2147483648"],
  ["9223372036854775807L + 1", "-9223372036854775808"],
  ["1L << 40", "1099511627776"],
  ["-1L >>> 60", "15"],
  ["3000000000L / 2", "1500000000"],
  ["params.big + 1", "12345678901235"],
  ["long x = 5; x", "5"],
  ["(int) 4294967297L", "1"],
  ["Long.MAX_VALUE", "9223372036854775807"],
])

table("double and float arithmetic promotes and divides as IEEE 754", [
  ["'' + 1 / 2.0", '"0.5"'],
  ["'' + 1.0 / 0", '"Infinity"'],
  ["'' + 0.0 / 0", '"NaN"'],
  ["'' + 5.5 % 2", '"1.5"'],
  ["'' + (1 + 2L)", '"3"'],
  ["'' + (1 + 2.0f)", '"3.0"'],
  ["'' + (0.1f + 0.2f)", '"0.3"'],
  ["'' + (0.1 + 0.2)", '"0.30000000000000004"'],
  ["'' + (0.1f + 0.2)", '"0.30000000149011613"'],
  ["'' + (true ? 1 : 2.0)", '"1.0"'],
])

table("casts narrow as in Java", [
  ["(int) 3.99", "3"],
  ["(int) -3.99", "-3"],
  ["(int) 1e20", "2147483647"],
  ["(long) 1e30", "9223372036854775807"],
  ["(int) Double.NaN", "0"],
  ["(byte) 200", "-56"],
  ["(short) 70000", "4464"],
  ["(int) (char) 'a'", "97"],
  ["(char) 97", '"a"'],
  ["'' + (float) 0.1", '"0.1"'],
  ["'' + (double) (float) 0.1", '"0.10000000149011612"'],
  ["def x = 5.7; (int) x", "5"],
  ["(def) 5", "5"],
  ["(String) params.name", '"drawbar"'],
])

table("compound assignment casts back to the variable's type", [
  ["int x = 5; x /= 2; x", "2"],
  ["int x = 5; x += 1.9; x", "6"],
  ["byte b = 127; b++; b", "-128"],
  ["short s = 1; s *= 70000; s", "4464"],
  ["char c = (char) 'a'; c += 1; c", '"b"'],
  ["long l = 1; l <<= 40; l", "1099511627776"],
  ["def x = 1; x += 1.5; x", "2"],
  ["String s = 'a'; s += 1; s += 2.0; s", '"a12.0"'],
  ["def s = 'a'; s += null; s", '"anull"'],
  ["int[] a = new int[2]; a[0] += 5.9; a[0]", "5"],
  ["def m = ['n': 1]; m.n += 2; m['n'] *= 5; m", '{"n":15}'],
  ["def l = [1, 2]; l[1] -= 5; l", "[1,-3]"],
  ["boolean b = true; b &= false; b", "false"],
  ["int x = 1; int y = x = 7; x + y", "14"],
])

table("++ and -- return the old or the new value", [
  ["int i = 1; int a = i++; int b = ++i; [a, b, i]", "[1,3,3]"],
  ["def l = [1]; l[0]++; ++l[0]; l", "[3]"],
  ["def m = ['a': 1]; def old = m.a--; [old, m.a]", "[1,0]"],
  ["double d = 1.5; d++; d", "2.5"],
  ["int i = 2147483647; i++; i", "-2147483648"],
])

table("numbers print as in Java", [
  ["'' + 1.0", '"1.0"'],
  ["'' + 100.0", '"100.0"'],
  ["'' + 1e7", '"1.0E7"'],
  ["'' + 9999999.0", '"9999999.0"'],
  ["'' + 1e10", '"1.0E10"'],
  ["'' + 1.5e-5", '"1.5E-5"'],
  ["'' + 0.001", '"0.001"'],
  ["'' + 0.00099", '"9.9E-4"'],
  ["'' + -0.0", '"-0.0"'],
  ["'' + Double.MIN_VALUE", '"4.9E-324"'],
  ["'' + Double.MAX_VALUE", '"1.7976931348623157E308"'],
  ["'' + 123456789.125f", '"1.2345679E8"'],
  ["'' + 0.3f", '"0.3"'],
  ["'' + 16777216f", '"1.6777216E7"'],
  ["'' + 3.4028235e38f", '"3.4028235E38"'],
  ["'' + 1.4e-45f", '"1.4E-45"'],
  ["'' + params.tiny", '"1.0E-7"'],
  ["'' + params.int + params.double", '"77.0"'],
  ["'' + params.huge", '"123456789012345678901234567890"'],
  [
    "'' + new BigDecimal('1E+3') + ' ' + new BigDecimal('0.0000001') + ' ' + new BigDecimal('12.50')",
    '"1E+3 1E-7 12.50"',
  ],
])

table("collections print as in Java", [
  ["'' + [1.0, 2, 'x', null]", '"[1.0, 2, x, null]"'],
  ["'' + ['a': 1, 'b': [2.5]]", '"{a=1, b=[2.5]}"'],
  ["'' + []", '"[]"'],
  ["'' + [:]", '"{}"'],
  ["params.deep.toString()", '"{list=[{text=found}], float=[0.5]}"'],
  ["'' + new StringBuilder('ab')", '"ab"'],
  ["'' + true + null + (char) 'c'", '"truenullc"'],
])

table("equality compares values", [
  ["1 == 1.0", "true"],
  ["1 == 1L", "true"],
  ["params.int == 7.0", "true"],
  ["1.equals(1.0)", "false"],
  ["'a' == 'a'", "true"],
  ["params.name == 'drawbar'", "true"],
  ["params.docs == ['a', 'b', 'c']", "true"],
  ["['a': 1] == ['a': 1]", "true"],
  ["['a': 1] == ['a': 2]", "false"],
  ["[1] === [1]", "false"],
  ["def l = [1]; def k = l; l === k", "true"],
  ["params.nothing == null", "true"],
  ["params.missing != null", "false"],
  ["Double.NaN == Double.NaN", "false"],
  ["'1' == 1", "false"],
  ["params.yes == true", "true"],
])

table("relations and logic", [
  ["1 < 1.5", "true"],
  ["3L >= 3", "true"],
  ["(char) 'a' < 98", "true"],
  ["true && !false || false", "true"],
  ["false && 1 / 0 > 0", "false"],
  ["true ^ true", "false"],
  ["1 + 1 == 2 && 2 > 1", "true"],
  ["params.docs instanceof List", "true"],
  ["params.deep instanceof Map && params.name instanceof String", "true"],
  ["params.int instanceof Integer && params.double instanceof Double", "true"],
  ["null instanceof Object", "false"],
])

table("null is handled by null-safe operators", [
  ["params.missing ?: 'otherwise'", '"otherwise"'],
  ["params.name ?: 'otherwise'", '"drawbar"'],
  ["params.missing?.field", "null"],
  ["params.missing?.call()", "null"],
  ["params?.deep?.list[0]?.text", '"found"'],
  ["params.missing?.a?.b ?: 'x'", '"x"'],
])

table("fields, indices and getters", [
  ["params.docs.length", "3"],
  ["params['docs'].size()", "3"],
  ["params.docs[1]", '"b"'],
  ["params.docs[-1]", '"c"'],
  ["params.docs.0", '"a"'],
  ["params.deep.float[0]", "0.5"],
  ["params.deep['list'].0.text", '"found"'],
  ["def x = [1, 2]; x.1 = 5; x", "[1,5]"],
  ["def m = [:]; m.a = 1; m['b'] = 2; m.float = 3; m", '{"a":1,"b":2,"float":3}'],
  ["params.docs.empty", "false"],
  ["def a = new Double[2]; a.length", "2"],
  ["int[] a = new int[] {1, 2, 3}; a[2]", "3"],
  ["String[] s = 'a,b'.splitOnToken(','); s[1] + s.length", '"b2"'],
  ["params.size()", "10"],
])

table("statements", [
  ["int s = 0; for (int i = 0; i < 5; i++) { if (i == 3) continue; s += i } return s", "7"],
  ["int s = 0; for (x in [1, 2, 3]) s += x; return s", "6"],
  ["int s = 0; for (def x : [1, 2, 3]) { s += x; } s", "6"],
  ["String s = ''; for (String x : params.docs) { s += x } s", '"abc"'],
  ["int i = 0; while (true) { if (++i > 4) break; } i", "5"],
  ["int i = 0; do { i += 2 } while (i < 5); i", "6"],
  ["for (int i = 0, j = 5; ; i++) { if (i + j > 8) return i }", "4"],
  ["int n = 0; for (int i = 0; i < 3; i++) for (int j = 0; j < 3; j++) { if (j == 1) break; n++ } n", "3"],
  ["if (params.int > 5) { return 'more' } else if (params.int > 3) { return 'some' } else { return 'few' }", '"more"'],
  ["if (params.int > 5) 'more'; else 'few'", '"more"'],
  ["def a = 1, b = 2; a + b", "3"],
  ["int x; def y; String z; double d; boolean b; [x, y, z, d, b]", "[0,null,null,0,false]"],
  ["String s = ''; for (e in ['a': 1, 'b': 2].entrySet()) { s += e.getKey() + e.value } s", '"a1b2"'],
  ["/* a */ // b\n 5", "5"],
  ["return", "null"],
  ["if (params.yes) { return 1; } else { return 2; };", "1"],
  ["return 'twice';;", '"twice"'],
  ["", "null"],
  ["if (params.int > 100) { return 1 }", "null"],
  ["def l = []; l.add(1); l.clear()", "null"],
  ["Map.Entry found = null; for (Map.Entry e : ['k': 'v'].entrySet()) { found = e } found.key", '"k"'],
])

table("exceptions can be caught by class", [
  ["try { return 1 / 0 } catch (ArithmeticException e) { return e.getMessage() }", '"/ by zero"'],
  ["try { params.missing.x } catch (NullPointerException e) { return 'null' }", '"null"'],
  [
    "try { throw new IllegalStateException('s') } catch (IllegalArgumentException e) { return 1 } catch (Exception e) { return e.message }",
    '"s"',
  ],
  ["try { Integer.parseInt('x') } catch (IllegalArgumentException e) { return 'number' }", '"number"'],
  [
    "int f(int n) { if (n == 0) throw new RuntimeException('deep'); return f(n - 1) } try { f(9) } catch (RuntimeException e) { return e.toString() }",
    '"java.lang.RuntimeException: deep"',
  ],
])

table("functions", [
  ["int twice(int x) { return x * 2 } twice(21)", "42"],
  ["int fib(int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2) } fib(15)", "610"],
  [
    "boolean even(int n) { n == 0 ? true : odd(n - 1) } boolean odd(int n) { n == 0 ? false : even(n - 1) } even(9)",
    "false",
  ],
  ["void fill(List l) { l.add(1) } def l = []; fill(l); l", "[1]"],
  ["def pick(Map m, String k) { return m[k] } pick(params, 'name')", '"drawbar"'],
  ["double half(double x) { return x / 2 } '' + half(3)", '"1.5"'],
  ["String f(def x) { x = x.replace('a', 'b'); return x } f('aa')", '"bb"'],
  ["List f(List x) { return x } f([['a': 1]])", '[{"a":1}]'],
])

table("strings", [
  ["'abc'.length()", "3"],
  ["'abc'.substring(1)", '"bc"'],
  ["'abcd'.substring(1, 3)", '"bc"'],
  ["'abcabc'.indexOf('c') + 10 * 'abcabc'.lastIndexOf('c')", "52"],
  ["'abc'.indexOf('z')", "-1"],
  ["'abc'.contains('b') && 'abc'.startsWith('a') && 'abc'.endsWith('c')", "true"],
  ["'a.b.c'.replace('.', '$&')", '"a$&b$&c"'],
  ["'ab'.replace('', '-')", '"-a-b-"'],
  ["' \\u00a0x '.trim()".replace("\\u00a0", "\u00a0"), '"\u00a0x"'],
  ["''.isEmpty() && !' '.isEmpty()", "true"],
  ["'aB'.toLowerCase() + 'aB'.toUpperCase()", '"abAB"'],
  ["'' + 'abc'.charAt(1)", '"b"'],
  ["'abc'.charAt(1) + 1", "99"],
  ["'a'.equals('a') && !'a'.equals(null) && 'A'.equalsIgnoreCase('a')", "true"],
  ["'a,b,,c,'.splitOnToken(',')", '["a","b","","c",""]'],
  ["'a,b,c'.splitOnToken(',', 2)", '["a","b,c"]'],
  ["'ab'.concat('cd')", '"abcd"'],
  ["'apple'.compareTo('banana')", "-1"],
  ["'ab'.compareTo('abcd')", "-2"],
  ["String.join('-', ['a', 1, 2.0])", '"a-1-2.0"'],
  ["String.valueOf(1.0) + String.valueOf(null)", '"1.0null"'],
  ["String.format('%s=%05.1f|%-3d|%x', new def[] {'a', 2.25, 7, 255})", '"a=002.3|7  |ff"'],
  ["'aGk='.decodeBase64() + 'hi'.encodeBase64()", '"hiaGk="'],
  [`"both 'quotes'" + 'and "these"'`, `"both 'quotes'and \\"these\\""`],
  [`'it\\'s' + "a \\"b\\" \\\\"`, '"it\'sa \\"b\\" \\\\"'],
  ["'line\nbreak\ttab\r'", '"line\\nbreak\\ttab\\r"'],
])

table("StringBuilder", [
  [
    "new StringBuilder('a').append(1).append(2.0).append(true).append(null).append([1]).toString()",
    '"a12.0truenull[1]"',
  ],
  ["def b = new StringBuilder(); b.append('abc'); b.insert(1, 'X'); b.deleteCharAt(0); b.length()", "3"],
  ["StringBuilder b = new StringBuilder('abc'); b.setLength(2); b", '"ab"'],
  ["new StringBuilder('abc').reverse().toString()", '"cba"'],
  ["new StringBuilder('abc').replace(0, 2, 'Z').toString()", '"Zc"'],
  ["new StringBuilder('abc').delete(1, 9).append('abc', 1, 2).toString()", '"ab"'],
  ["def b = new StringBuilder('abc'); b.setCharAt(1, (char) 'X'); b.charAt(1) == (char) 'X'", "true"],
  ["new StringBuilder('a') + 'b'", '"ab"'],
  ["def b = new StringBuilder('[ '); return b.append(']')", '"[ ]"'],
])

table("List and Set", [
  ["def l = [1, 2]; l.add(3); l.add(0, 9); l.remove(1); l", "[9,2,3]"],
  ["List l = new ArrayList([1, 2]); l.addAll([3, 4]); l.subList(1, 3)", "[2,3]"],
  ["[1, 2, 2].indexOf(2) + [1, 2, 2].lastIndexOf(2)", "3"],
  ["[1, 2].contains(2) && ![1, 2].contains(2.0) && [].isEmpty()", "true"],
  ["def l = [1, 2]; l.set(0, 5); l.get(0) + l.size()", "7"],
  ["def l = [3, 1, 2]; l.sort(null); l", "[1,2,3]"],
  ["def l = [3, 1, 2]; l.sort((a, b) -> b - a); l", "[3,2,1]"],
  ["def l = ['b', 'a']; Collections.sort(l); l", '["a","b"]'],
  ["def l = [['n': 2], ['n': 1]]; l.sort(Comparator.comparing(x -> x.n)); l", '[{"n":1},{"n":2}]'],
  ["def l = [1, 2, 3, 4]; l.removeIf(x -> x % 2 == 0); l", "[1,3]"],
  ["def s = []; [1, 2].forEach(x -> { s.add(x * 2); }); s", "[2,4]"],
  ["[1, 2, 3].stream().filter(x -> x > 1).map(x -> x * 1.5).collect(Collectors.toList())", "[3,4.5]"],
  ["['a', 'b'].stream().map(x -> '\"' + x + '\"').collect(Collectors.joining(','))", '"\\"a\\",\\"b\\""'],
  ["['1', '2'].stream().map(Integer::parseInt).collect(Collectors.toList())", "[1,2]"],
  ["['aa', 'b'].stream().map(String::length).collect(Collectors.toList())", "[2,1]"],
  ["Set s = new HashSet(); s.add(1); s.add(1); s.add('1'); s.size()", "2"],
  ["new HashSet(['a', 'b']).contains('b')", "true"],
  ["def i = [1, 2].iterator(); i.next(); i.hasNext() ? i.next() : 0", "2"],
  ["Arrays.asList(new String[] {'a', 'b'})", '["a","b"]'],
])

table("Map", [
  ["Map m = new HashMap(); m.put('a', 1); m.put('a', 2)", "1"],
  ["def m = ['a': 1]; m.getOrDefault('b', 5) + m.getOrDefault('a', 5)", "6"],
  ["def m = ['a': 1]; m.containsKey('a') && m.containsValue(1) && !m.isEmpty()", "true"],
  ["def m = ['a': 1, 'b': 2]; m.remove('a') + m.size()", "2"],
  ["['a': 1, 'b': 2].keySet()", '["a","b"]'],
  ["['a': 1, 'b': 2].values()", "[1,2]"],
  ["def m = ['a': 1]; m.putAll(['b': 2]); m", '{"a":1,"b":2}'],
  ["def m = [1: 'int', 1.0: 'double', '1': 'text']; m[1] + m[1.0] + m['1']", '"intdoubletext"'],
  ["def m = [:]; m.computeIfAbsent('k', k -> []).add(1); m", '{"k":[1]}'],
  ["def m = ['a': 1]; m.merge('a', 5, (x, y) -> x + y); m.a", "6"],
  ["def s = ''; def l = []; ['a': 1].forEach((k, v) -> l.add(k + v)); l", '["a1"]'],
  ["def m = ['a': 1]; for (def e : m.entrySet()) { e.setValue(7) } m", '{"a":7}'],
])

table("numbers and their classes", [
  ["3.7.intValue()", "3"],
  ["params.int.doubleValue() + 0.5", "7.5"],
  ["'' + params.deep.float[0].floatValue()", '"0.5"'],
  ["'' + 0.006929283495992422.floatValue()", '"0.0069292835"'],
  ["new BigDecimal('3.0').intValue()", "3"],
  ["new BigDecimal(params.double.toString()).intValue()", "7"],
  ["new BigDecimal('1.10').add(new BigDecimal('2.205')).toString()", '"3.305"'],
  ["Integer.parseInt('-12') + Integer.valueOf(3)", "-9"],
  ["'' + Double.parseDouble('1e3')", '"1000.0"'],
  ["Long.parseLong('9007199254740993')", "9007199254740993"],
  ["Boolean.parseBoolean('TRUE')", "true"],
  ["Integer.toHexString(-1)", '"ffffffff"'],
  ["'' + Math.max(1, 2)", '"2.0"'],
  ["Math.round(2.5) + Math.round(-2.5)", "1"],
  ["'' + Math.floor(-1.5) + Math.ceil(1.2) + Math.abs(-3) + Math.sqrt(9) + Math.pow(2, 10)", '"-2.02.03.03.01024.0"'],
  ["Character.isDigit((char) '5') && Character.isLetter((char) 'x')", "true"],
  ["Integer.compare(1, 2)", "-1"],
  ["1.compareTo(2)", "-1"],
])

table("the built-in escape makes text valid inside a JSON string", [
  ["escape('a\"b\\\\c')", '"a\\\\\\"b\\\\\\\\c"'],
  ["escape('\t\n\r')", '"\\\\t\\\\n\\\\r"'],
  ["escape('\u0001\u001f')", '"\\\\u0001\\\\u001f"'],
  ["escape(1.0)", '"1.0"'],
  ["String escape(def x) { return 'own' } escape('y')", '"own"'],
])

describe("numbers in the data", () => {
  it("are doubles in gson mode", () => {
    expect(text("'' + params.n + params.l", '{"n":1,"l":[2,3.5]}', { numbers: "double" })).toBe('"1.0[2.0, 3.5]"')
  })
  it("keep the class in which they are written otherwise", () => {
    expect(text("'' + params.l", '{"l":[1,1.0,3000000000,1e2]}')).toBe('"[1, 1.0, 3000000000, 100.0]"')
  })
})
