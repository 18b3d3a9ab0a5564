import * as Lint from "@drawbar/blueprint-lint/Lint"
import { expect, it } from "vitest"
import * as Catalogue from "../src/Catalogue.ts"

it.each(Catalogue.entries)("$name has no lint findings", ({ blueprint }) => {
  const findings = Lint.text(JSON.stringify(blueprint))
  expect(findings.filter(({ severity }) => severity !== "info")).toEqual([])
})
