import { execFile } from "node:child_process"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { beforeAll, describe, expect, it } from "vitest"

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url))

/** The expected first result, and one expected among the first five. */
const expected: Readonly<Record<string, readonly [first: string, ...others: ReadonlyArray<string>]>> = {
  "how do bees find flowers": [
    "Honeybees see ultraviolet patterns on petals that guide them to nectar.",
    "Many orchids trick insects into carrying their pollen without giving any nectar.",
  ],
  "which planet has rings": ["Saturn's rings are made of pieces of ice and rock."],
  "how to make bread rise": [
    "Bread rises because yeast fills the dough with gas.",
    "Sourdough is raised by wild yeast kept in a jar.",
  ],
  "who first walked on the moon": ["The first people walked on the Moon in 1969."],
  "why do onions make me cry": ["Onions make you cry because cutting them sets free a sharp gas."],
  "how do bats navigate at night": ["Bats find their way in the dark by listening to the echoes of their calls."],
}

describe("semantic search", () => {
  const found = new Map<string, Array<string>>()

  beforeAll(async () => {
    const args = ["--conditions=@drawbar/source", main, ...Object.keys(expected)]
    const { stdout } = await promisify(execFile)(process.execPath, args)
    let texts: Array<string> = []
    for (const line of stdout.trimEnd().split("\n")) {
      const text = /^ {2}\d\.\d{3} (.*)$/.exec(line)?.[1]
      if (text === undefined) found.set(line, (texts = []))
      else texts.push(text)
    }
  })

  it.each(Object.entries(expected))("finds relevant facts: %s", (query, [first, ...others]) => {
    const texts = found.get(query) ?? []
    expect(texts).toHaveLength(5)
    expect(texts[0]).toBe(first)
    expect(texts).toEqual(expect.arrayContaining([...others]))
  })
})
