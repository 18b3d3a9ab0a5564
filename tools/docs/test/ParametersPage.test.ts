import { join } from "node:path"
import { expect, it } from "vitest"
import { markdown } from "../src/ParametersPage.ts"

it("docs/parameters.md says what the table of reserved names says", async () =>
  expect(markdown()).toMatchFileSnapshot(join(import.meta.dirname, "../../../docs/parameters.md")))
