/** Short texts to search: one sentence per line, written for this example. */
import { readFileSync } from "node:fs"

export const facts: ReadonlyArray<string> = readFileSync(new URL("../data/facts.txt", import.meta.url), "utf8")
  .split("\n")
  .filter((line) => line !== "")
