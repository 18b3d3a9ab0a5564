import { expect, it } from "vitest"
import * as Names from "../src/ProcessFunctionName.ts"

it("shortens a long unknown name in the message", () => {
  const name = `connector.pre_process.${"x".repeat(5_000_000)}`
  expect(Names.unknown(name, Names.preProcess).length).toBeLessThan(400)
})

it("suggests the nearest names first", () => {
  expect(Names.nearest("connector.pre_process.openai.embeding", Names.preProcess, 1)).toEqual([
    "connector.pre_process.openai.embedding",
  ])
})
