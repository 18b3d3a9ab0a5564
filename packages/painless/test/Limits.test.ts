import { describe, expect, it } from "vitest"
import { failure, text } from "./Evaluation.ts"

describe("stops an excessive script at the limit that it reaches", () => {
  it.each([
    ["int i = 0; while (true) { i++ }", "steps"],
    ["for (;;) { try { throw new Exception('x') } catch (Exception e) { } }", "steps"],
    ["def f(def n) { f(n) } f(1)", "calls"],
    ["def f(def n) { 1 + (1 + (1 + (1 + (1 + f(n))))) } f(1)", "calls"],
    ["def f(Function g) { g.apply(g) } f(g -> g.apply(g))", "calls"],
    ["def s = 'x'; while (true) { s += s }", "text"],
    ["def b = new StringBuilder('x'); while (true) { b.append(b) }", "text"],
    ["def b = new StringBuilder(); b.setLength(2147483647)", "text"],
    ["def s = 'x'; for (int i = 0; i < 20; i++) { s += s } s.replace('x', s)", "text"],
    ["def s = 'x'; for (int i = 0; i < 20; i++) { s += s } s.replace('x', 'y'.replace('', s))", "text"],
    [
      "def s = 'x'; for (int i = 0; i < 20; i++) { s += s } String.join(s, [1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9])",
      "text",
    ],
    [
      "def s = 'x'; for (int i = 0; i < 20; i++) { s += s } def l = []; for (int i = 0; i < 100; i++) { l.add(s) } return l",
      "text",
    ],
    ["def l = [1]; while (true) { l.addAll(l) }", "elements"],
    ["new int[2147483647]", "elements"],
    ["def l = [1]; for (int i = 0; i < 60; i++) { l = [l, l] } return l", "elements"],
    ["def l = [1]; for (int i = 0; i < 60; i++) { l = [l, l] } '' + l", "text|steps"],
    ["def l = [1]; def k = [1]; for (int i = 0; i < 60; i++) { l = [l, l]; k = [k, k] } l == k", "steps"],
    ["def l = []; l.add(l); def k = []; k.add(l); l.add(k); '' + l", "nesting|text|steps"],
    ["def l = []; l.add(l); l", "nesting"],
    ["def m = [:]; m.m = m; def n = [:]; n.m = n; m == n", "nesting"],
    ["def s = 'a'; for (int i = 0; i < 23; i++) { s += s } def p = 'b' + s; while (true) { s.indexOf(p) }", "steps"],
    ["def s = 'a'; for (int i = 0; i < 20; i++) { s += s } while (true) { s += 'b'; s.charAt(0) }", "steps"],
    ["def b = new StringBuilder(); b.setLength(1000000); while (true) { b.append('x'); b.charAt(0) }", "steps"],
    [
      "def b = new StringBuilder(); b.setLength(1000000); while (true) { b.append('x'); b.toString().charAt(0) }",
      "steps",
    ],
    ["def l = []; l.addAll(new int[1000000]); while (true) { l.iterator() }", "steps"],
    ["def s = ''; while (true) { try { s.foo() } catch (Exception e) { } }", "steps"],
    ["new BigDecimal('9e999').multiply(new BigDecimal('9e999')).multiply(new BigDecimal('9e999'))", undefined],
  ])("%s", (source, what) => {
    const { reason } = failure(source)
    if (what === undefined) expect(reason).toMatchObject({ _tag: "Runtime", kind: "ArithmeticException" })
    else expect(reason).toMatchObject({ _tag: "LimitExceeded", what: expect.stringMatching(`^(?:${what})$`) })
  })

  it.each([
    ["brackets", "(".repeat(5000)],
    ["lists", "[".repeat(5000)],
    ["signs", "-".repeat(5000) + "x"],
    ["negations", `${"!".repeat(5000)}true`],
    ["blocks", "{".repeat(5000)],
    ["else ifs", `${"if (true) {} else ".repeat(3000)}{}`],
    ["sums", `1${"+1".repeat(5000)}`],
    ["fields", `params${".a".repeat(5000)}`],
    ["conditions", `${"true?".repeat(5000)}1`],
    ["elvises", `1${"?:1".repeat(5000)}`],
    ["lambdas", `def f = ${"x->".repeat(5000)}1`],
    ["casts", `${"(int)".repeat(5000)}1`],
    ["generics", `${"List<".repeat(5000)}`],
    ["assignments", `def x; ${"x=".repeat(5000)}1`],
  ])("source that nests too deep: %s", (_, source) => {
    expect(["LimitExceeded", "Syntax"]).toContain(failure(source).reason._tag)
  })

  it("source that is too long", () => {
    expect(failure(" ".repeat(65_537)).reason).toMatchObject({
      _tag: "LimitExceeded",
      what: "source",
      limit: 65_536,
      line: 0,
    })
  })

  it("reports the limit and the line", () => {
    expect(failure("int i = 0;\nwhile (true) {\n  i++;\n}", "{}", { limits: { steps: 100 } }).message).toMatch(
      /^line [23]: the script exceeds its limit of 100 \(steps\)$/,
    )
  })
})

describe("typical scripts are within the limits", () => {
  it("fifty embeddings of 3,072 floats, number by number", () => {
    const batch = Array.from({ length: 50 }, (_, row) =>
      Array.from({ length: 3072 }, (_, column) => (row - column) / 7919),
    )
    const script = `
      def out = new StringBuilder('[');
      for (int i = 0; i < params.data.length; i++) {
        def vector = params.data[i];
        if (i > 0) { out.append(','); }
        out.append('[');
        for (int j = 0; j < vector.length; j++) {
          if (j > 0) { out.append(','); }
          out.append(vector[j]);
        }
        out.append(']');
      }
      return out.append(']').toString();`
    expect(JSON.parse(String(JSON.parse(text(script, JSON.stringify({ data: batch })))))).toEqual(batch)
  })

  it("a document of 100,000 characters, character by character", () => {
    const script =
      "int n = 0; String s = params.doc; for (int i = 0; i < s.length(); i++) { if (s.charAt(i) == (char) 'a') { n++ } } n"
    expect(text(script, JSON.stringify({ doc: "ab".repeat(50_000) }))).toBe("50000")
  })

  it("a sum of 300 strings, and 100 branches", () => {
    expect(text(`('' ${"+ 'x'".repeat(300)}).length()`)).toBe("300")
    expect(text(`${"if (params.a != null) { return 1 } else ".repeat(100)} { return 2 }`)).toBe("2")
  })
})
