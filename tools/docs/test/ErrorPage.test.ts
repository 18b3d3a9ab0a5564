import { join } from "node:path"
import { expect, it } from "vitest"
import { markdown } from "../src/ErrorPage.ts"

it("docs/errors.md says what the tables of errors say", async () =>
  expect(markdown()).toMatchFileSnapshot(join(import.meta.dirname, "../../../docs/errors.md")))
