import { expect, it } from "vitest"
import * as Names from "../src/ProcessFunctionName.ts"

it("a name that is none may be long, and is told in short", () => {
  const name = `connector.pre_process.${"x".repeat(5_000_000)}`
  expect(Names.unknown(name, Names.preProcess).length).toBeLessThan(400)
})

it("the nearest names to a mistyped one come first", () => {
  expect(Names.nearest("connector.pre_process.openai.embeding", Names.preProcess, 1)).toEqual([
    "connector.pre_process.openai.embedding",
  ])
})
