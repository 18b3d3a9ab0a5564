/** `StringBuilder` and `StringBuffer`. */
import * as JavaText from "../run/JavaText.ts"
import type { Run } from "../run/Run.ts"
import { Char, StringBuilder, type Value } from "../run/Value.ts"
import * as Method from "./Method.ts"
import * as MethodParameter from "./MethodParameter.ts"
import { charAt, searched, slice } from "./StringMembers.ts"

const { m0, m1, m2, m3 } = Method.on(Method.receiver((value) => value instanceof StringBuilder))
const int2 = [MethodParameter.int, MethodParameter.int] as const

/** Appends `text`; only the appended text counts as work. */
const append = (self: StringBuilder, text: string, run: Run): StringBuilder => {
  if (text.length > 128) run.made(text.length)
  self.text += text
  if (self.text.length > run.limits.text) run.text(self.text.length)
  return self
}

/** Replaces the text from `start` to `end` with `text`. */
const splice = (self: StringBuilder, start: number, end: number, text: string, run: Run): StringBuilder => {
  const whole = self.text
  const stop = Math.min(end, whole.length)
  if (start < 0 || start > stop)
    run.fail("StringIndexOutOfBoundsException", `start ${start}, end ${end}, length ${whole.length}`)
  run.made(whole.length + text.length)
  self.text = whole.slice(0, start) + text + whole.slice(stop)
  return self
}

const setLength = (self: StringBuilder, length: number, run: Run): Value => {
  if (length < 0) run.fail("StringIndexOutOfBoundsException", `length ${length}`)
  run.made(length)
  self.text = self.text.slice(0, length).padEnd(length, "\0")
  return null
}

/** The first read after a change joins the parts, so it counts by their length. */
const read = (self: StringBuilder, run: Run): string => {
  if (!self.isSettled) run.made(self.text.length)
  self.isSettled = true
  return self.text
}

/**
 * Surrogate pairs keep their order, as in Java. Works in chunks, because a list of all characters takes many times the
 * memory of the text.
 */
const reversed = (text: string): string => {
  let result = ""
  for (let end = text.length; end > 0;) {
    let start = Math.max(0, end - 4096)
    if (start > 0 && /^[\udc00-\udfff]/.test(text.charAt(start))) start--
    result += Array.from(text.slice(start, end)).toReversed().join("")
    end = start
  }
  return result
}

export const table = Method.table([
  m0("length", "int", (self) => self.text.length),
  m0("toString", "String", read),
  m0("reverse", "StringBuilder", (self, run) => {
    run.work(self.text.length >> 2)
    self.text = reversed(read(self, run))
    return self
  }),
  m1("append", "StringBuilder", MethodParameter.any, (self, value, run) => append(self, JavaText.of(value, run), run)),
  m3("append", "StringBuilder", [MethodParameter.text, ...int2], (self, text, start, end, run) =>
    append(self, slice(text, start, end, run), run),
  ),
  m2("insert", "StringBuilder", [MethodParameter.int, MethodParameter.any], (self, index, value, run) => {
    if (index > self.text.length)
      run.fail("StringIndexOutOfBoundsException", `offset ${index}, length ${self.text.length}`)
    return splice(self, index, index, JavaText.of(value, run), run)
  }),
  m2("delete", "StringBuilder", int2, (self, start, end, run) => splice(self, start, end, "", run)),
  m1("deleteCharAt", "StringBuilder", MethodParameter.int, (self, index, run) => {
    charAt(self.text, index, run)
    return splice(self, index, index + 1, "", run)
  }),
  m3("replace", "StringBuilder", [...int2, MethodParameter.string], splice),
  m2("setCharAt", "void", [MethodParameter.int, MethodParameter.char], (self, index, char, run) => {
    charAt(self.text, index, run)
    splice(self, index, index + 1, String.fromCharCode(char.code), run)
    return null
  }),
  m1("setLength", "void", MethodParameter.int, setLength),
  m1("charAt", "char", MethodParameter.int, (self, index, run): Char => charAt(read(self, run), index, run)),
  m1("indexOf", "int", MethodParameter.string, (self, part, run) => searched(read(self, run), part, run).indexOf(part)),
  m2("indexOf", "int", [MethodParameter.string, MethodParameter.int], (self, part, from, run) =>
    searched(read(self, run), part, run).indexOf(part, from),
  ),
  m1("lastIndexOf", "int", MethodParameter.string, (self, part, run) =>
    searched(read(self, run), part, run).lastIndexOf(part),
  ),
  m1("substring", "String", MethodParameter.int, (self, start, run) =>
    slice(read(self, run), start, self.text.length, run),
  ),
  m2("substring", "String", int2, (self, start, end, run) => slice(read(self, run), start, end, run)),
  m2("subSequence", "CharSequence", int2, (self, start, end, run) => slice(read(self, run), start, end, run)),
])
