import { expect, it } from "vitest"
import { facts } from "../src/Facts.ts"

it("are a few hundred distinct sentences", () => {
  expect(facts.length).toBeGreaterThan(240)
  expect(new Set(facts).size).toBe(facts.length)
  expect(facts.filter((fact) => !/^[A-Z].*\.$/.test(fact))).toEqual([])
})
