import { join } from "node:path"
import { expect, it } from "vitest"
import { markdown } from "../src/RuleDocs.ts"

it("docs/lint.md matches the rules (run: pnpm golden)", async () =>
  expect(markdown()).toMatchFileSnapshot(join(import.meta.dirname, "../../../docs/lint.md")))
