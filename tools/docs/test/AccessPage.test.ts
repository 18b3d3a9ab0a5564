import { join } from "node:path"
import { expect, it } from "vitest"
import { markdown } from "../src/AccessPage.ts"

it("docs/access.md says what the table of permissions says", async () =>
  expect(markdown()).toMatchFileSnapshot(join(import.meta.dirname, "../../../docs/access.md")))
