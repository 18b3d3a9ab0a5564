import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { folder, markdown, read } from "../src/DecisionIndex.ts"

describe("the index of decisions", () => {
  it("docs/decisions/README.md lists every page with its title, status and date", async () =>
    expect(markdown()).toMatchFileSnapshot(join(folder, "README.md")))

  it.each([
    ["streams.md", "# A\n\nStatus: accepted, 2026-11-24\n", "call the page NNNN-words.md"],
    ["0001-a.md", "Status: accepted, 2026-11-24\n", "begin the page with a title"],
    ["0001-a.md", "# A\n", "add a line"],
    ["0001-a.md", "# A\n\nStatus: agreed, 2026-11-24\n", "add a line"],
    ["0001-a.md", "# A\n\nStatus: accepted, in May\n", "add a line"],
  ])("refuses %s with the text %j", (file, text, message) => expect(() => read(file, text)).toThrow(message))

  it("leaves a number out of a title", () =>
    expect(read("0002-a.md", "# 2. Records\n\nStatus: superseded, 2026-11-24\n").title).toBe("Records"))
})
