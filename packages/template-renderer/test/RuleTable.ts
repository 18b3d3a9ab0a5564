import { Result } from "effect"
import { expect, it } from "vitest"
import * as BodyTemplate from "../src/BodyTemplate.ts"
import * as Parameter from "../src/Parameter.ts"
import type { Call, Values } from "./render.ts"

/** Description, template, author's parameters, caller's parameters, expected result. */
type Row = readonly [title: string, template: string, author: Parameter.Author, caller: Values, out: string]

export const table = (rows: ReadonlyArray<Row>, render: (template: string, call: Call) => string | undefined) =>
  it.each(rows)("%s", (_, template, author, caller, out) => {
    expect(render(template, { author, caller })).toBe(out)
  })

export const positions = (source: string): ReadonlyArray<string> =>
  Result.getOrThrow(BodyTemplate.compile(source, {})).placeholders.map(({ position }) => position)
