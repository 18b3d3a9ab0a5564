import { describe, expect, it } from "vitest"
import { failure } from "./Evaluation.ts"

describe("rejects an invalid source with line, column and a caret", () => {
  it.each([
    ["return params.a b", 1, 17, "expected [;] but found [b]"],
    ["def x = [1, 2\nreturn x", 2, 1, "expected []] but found [return]"],
    ["if (true { }", 1, 10, "expected [)] but found [{]"],
    ["def text = 1;\nreturn txt", 2, 8, "unknown variable [txt]. Did you mean [text]?"],
    ["parms.a", 1, 1, "unknown variable [parms]. Did you mean [params]?"],
    ["x = 1", 1, 1, "unknown variable [x]"],
    ["def a = 1; def a = 2", 1, 16, "variable [a] is already defined"],
    ["for (int i = 0; i < 1; i++) {} return i", 1, 39, "unknown variable [i]"],
    ["params = 1", 1, 1, "[params] cannot be assigned"],
    ["def f() { return params.a } f()", 1, 18, "[params] is not visible inside functions: pass it as an argument"],
    ["esc(1)", 1, 1, "unknown function [esc]"],
    ["escpe(1)", 1, 1, "unknown function [escpe]. Did you mean [escape]?"],
    ["escape(1, 2)", 1, 1, "[escape] takes 1 argument, not 2"],
    ["int f(int a) { return a } f(1, 2)", 1, 27, "[f] takes 1 arguments (int), not 2"],
    ["int f(int a) { return a } f('x')", 1, 27, "argument 1 of [f] is [String] where [int] is needed"],
    ["int f(int a) { if (a > 1) { return 1 } } f(1)", 1, 5, "not every path through [f] returns a value"],
    ["Math.sqr(2)", 1, 6, "[Math] has no method [sqr]. Did you mean [sqrt]?"],
    ["Math.sqrt()", 1, 6, "[sqrt] of [Math] takes [sqrt(double)], not 0 arguments"],
    ["'a'.lenght()", 1, 5, "[String] has no method [lenght]. Did you mean [length]?"],
    ["'a'.length", 1, 5, "[String] has no field [length]. Call [length()]"],
    ["'a'.substring('b')", 1, 5, "argument 1 of [substring] is [String] where [int] is needed"],
    ["Strng s = 'a'", 1, 1, "unknown type [Strng]. Did you mean [String]?"],
    ["new Foo()", 1, 5, "unknown type [Foo]"],
    ["new List()", 1, 1, "[List] cannot be created with new: use [ArrayList]"],
    ["Math", 1, 1, "[Math] is a class: call one of its functions"],
    ["Integer.MAX", 1, 9, "[Integer] has no field [MAX]"],
    ["int x = 'a'", 1, 9, "cannot turn [String] into [int]"],
    ["int x = 1.5", 1, 9, "[double] does not become [int] by itself: cast it with (int)"],
    ["float x = 1.5", 1, 11, "[double] does not become [float] by itself: cast it with (float)"],
    ["int x = 3000000000", 1, 9, "the number does not fit an int: write it with an L"],
    ["int x = null", 1, 9, "cannot turn [null] into [int]"],
    ["if (1) { }", 1, 5, "a condition is boolean, not [int]"],
    ["'a' - 1", 1, 5, "cannot apply [-] to [String] and [int]"],
    ["1.5 & 1", 1, 5, "cannot apply [&] to [double] and [int]"],
    ["for (x in 5) {}", 1, 11, "cannot iterate over [int]"],
    ["for (x in ['a': 1]) {}", 1, 11, "cannot iterate over [HashMap]: use entrySet(), keySet() or values()"],
    ["'abc'[0]", 1, 6, "[String] has no elements: use charAt"],
    ["break", 1, 1, "[break] is outside of a loop"],
    ["return 1; return 2", 1, 11, "this statement is unreachable"],
    ["1 + 1; return 2", 1, 3, "this value is computed and then not used"],
    ["def x = [].clear()", 1, 12, "cannot turn [void] into [def]"],
    ["1 = 2", 1, 3, "only a variable, a field or an element can be assigned to"],
    ["throw 'x'", 1, 7, "cannot turn [String] into [Exception]"],
    ["'abc", 1, 1, "this string is never closed: expected '"],
    ["/* abc", 1, 1, "this comment is never closed: expected */"],
    ["def x = 1 # 2", 1, 11, "unexpected character [#]"],
    ["connector.pre_process.foo", 1, 1, "unknown variable [connector]"],
    ["%s", 1, 1, "expected a value but found [%]"],
  ])("%s", (source, line, column, message) => {
    const { reason } = failure(source)
    expect(reason).toMatchObject({ _tag: "Syntax", line, column, message })
  })

  it("shows the line with a caret at the position", () => {
    expect(failure("def a = 1;\n\treturn a ? b;").message).toBe(
      "line 2, column 14: expected [:] but found [;]\n return a ? b;\n             ^",
    )
  })
})

describe("rejects unsupported syntax with an explanation", () => {
  it.each([
    ["def p = /a+", "this regular expression is never closed: expected / in the same line"],
    ["switch (1) { }", "switch is not in Painless: use if and else if"],
    ["try { } catch (Exception e) { } finally { }", "finally is not in Painless"],
    ["import java.util.List", "import is not in Painless: types are known by their names"],
    ["var x = 1", "declare a variable with [def] or its type"],
    ["return 1; int f() { return 1 }", "functions must precede the first statement"],
    ["new int[2][3]", "arrays of arrays are not supported: use a List of Lists"],
    [
      "return 'a\\n'",
      "in a string in ' only \\\\ and \\' are escapes; write a line break or a tab directly into the string",
    ],
  ])("%s", (source, message) => {
    expect(failure(source).reason).toMatchObject({ _tag: "Syntax", message })
  })
})

describe("reports the class and line of a Java exception, never the data", () => {
  it.each([
    ["\n\nreturn params.a.length", 3, "NullPointerException", "cannot read field [length] of null"],
    ["params.a[0]", 1, "NullPointerException", "cannot read element [0] of null"],
    ["params.a.trim()", 1, "NullPointerException", "cannot call method [trim] of null"],
    ["params.s.foo()", 1, "IllegalArgumentException", "[String] has no method [foo]"],
    ["params.s.lenght()", 1, "IllegalArgumentException", "[String] has no method [lenght]. Did you mean [length]?"],
    ["params.s.length", 1, "IllegalArgumentException", "[String] has no field [length]. Call [length()]"],
    ["params.list[5]", 1, "IndexOutOfBoundsException", "index 5 is outside of length 2"],
    ["params.list['x']", 1, "ClassCastException", "an index is an int, not [String]: cast it with (int)"],
    ["params.list[1.0]", 1, "ClassCastException", "an index is an int, not [Double]: cast it with (int)"],
    ["1 / 0", 1, "ArithmeticException", "/ by zero"],
    ["5L % 0L", 1, "ArithmeticException", "/ by zero"],
    ["params.s - 1", 1, "ClassCastException", "cannot apply [-] to [String] and [Integer]"],
    ["params.none + 1", 1, "NullPointerException", "cannot apply [+] to null"],
    ["int x = params.d", 1, "ClassCastException", "cannot turn [Double] into [int]"],
    ["String x = params.d", 1, "ClassCastException", "cannot turn [Double] into [String]"],
    ["if (params.s) { }", 1, "ClassCastException", "a condition is boolean, not [String]"],
    ["Integer.parseInt(params.s)", 1, "NumberFormatException", "the text is not a number of type [int]"],
    ["new BigDecimal(params.s)", 1, "NumberFormatException", "the text is not a number of type [BigDecimal]"],
    ["params.s.substring(9)", 1, "StringIndexOutOfBoundsException", "begin 9, end 6, length 6"],
    ["new int[-1]", 1, "NegativeArraySizeException", "-1"],
    [
      "for (x in params) {}",
      1,
      "ClassCastException",
      "cannot iterate over [HashMap]: use entrySet(), keySet() or values()",
    ],
    [
      "for (x in params.list) { params.list.add(1) }",
      1,
      "ConcurrentModificationException",
      "the list changed during a loop over it",
    ],
    ["escape(params.none)", 1, "NullPointerException", "cannot escape null"],
    ["Function f = x -> x; return f", 1, "ClassCastException", "the script returns [Function], which is not data"],
    ["def a = new Double[1]; a[0] = params.s", 1, "ClassCastException", "cannot turn [String] into [Double]"],
  ])("%s", (source, line, kind, message) => {
    const error = failure(
      source.startsWith("for (x in params) ") ? source.replace("params", "(def) params") : source,
      '{"s":"secret","list":[1,2],"d":1.5}',
    )
    expect(error.reason).toMatchObject({ _tag: "Runtime", line, kind, message })
    expect(error.message).not.toContain("secret")
  })
})

describe("an exception thrown by a script", () => {
  it("keeps its class, its message and the line", () => {
    const { message, reason } = failure("if (params.a == null) {\n  throw new IllegalArgumentException('no a');\n}")
    expect(reason).toMatchObject({ _tag: "Thrown", exception: "IllegalArgumentException", message: "no a", line: 2 })
    expect(message).toBe("line 2: IllegalArgumentException: no a")
  })
})

describe("params that are not a JSON object", () => {
  it.each([
    ["[1]", 0],
    ['{"a":}', 5],
    ['{"a":1} x', 8],
    ['{"a":01}', 6],
    ['{"a":"\u0001"}', 5],
    ["{'a':1}", 1],
    ["", 0],
    ['{"a":"x', 5],
    [`{"a":${"[".repeat(600)}`, 517],
  ])("%s", (params, offset) => {
    expect(failure("1", params).reason).toMatchObject({ _tag: "InvalidJson", offset })
  })
})
