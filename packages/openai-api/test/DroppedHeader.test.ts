/** Names of fields are the caller's; in a header they hold nothing that HTTP cannot carry. */
import { validateHeaderValue } from "node:http"
import { assert, it } from "@effect/vitest"
import * as DroppedHeader from "../src/DroppedHeader.ts"

const name = "x-drawbar-dropped"

it.each([
  [["temperature", "top_k"], "temperature, top_k"],
  [["a\r\nx-evil: 1"], "a%0D%0Ax-evil:%201"],
  [["a, b", "50%"], "a%2C%20b, 50%25"],
  [["é🙂", "\ud800", "\u0000"], "%C3%A9%F0%9F%99%82, %EF%BF%BD, %00"],
])("%j", (fields, expected) => {
  const { [name]: value = "" } = DroppedHeader.of(fields)
  assert.strictEqual(value, expected)
  validateHeaderValue(name, value)
})

it("says how many there are beyond what a header should hold", () => {
  const { [name]: value = "" } = DroppedHeader.of(Array.from({ length: 1_000 }, (_, i) => `field_${i}`))
  assert.isBelow(value.length, 2_100)
  assert.match(value, /^field_0, field_1, .*, and \d+ more$/)
})

it("is absent where nothing was dropped", () => {
  assert.deepStrictEqual(DroppedHeader.of([]), {})
})
