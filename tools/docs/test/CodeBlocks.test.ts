/** The code of the pages that is not shell; apps/cli/test/docs runs the shell blocks. */
import { spawnSync } from "node:child_process"
import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import * as ConsoleText from "@drawbar/json-text/ConsoleText"
import { Result } from "effect"
import { expect, it } from "vitest"

const root = join(import.meta.dirname, "../../..")
const blocks = (language: string) =>
  globSync(["README.md", "docs/*.md"], { cwd: root }).flatMap((path) =>
    [...readFileSync(join(root, path), "utf8").matchAll(/^```(\w+)\n(.*?)^```/gms)]
      .filter(([, found]) => found === language)
      .map(([, , code = ""], index) => ({ name: `${path}, block ${index + 1}`, code })),
  )

it.each(blocks("json"))("the JSON of $name parses", ({ code }) =>
  expect(Result.isSuccess(ConsoleText.parse(code))).toBe(true),
)

// A program that calls a server needs one, and has a test of its own.
const standalone = blocks("ts").filter(({ code }) => !code.includes("http://"))

it.each(standalone)(
  "the TypeScript of $name runs",
  ({ code }) => {
    const flags = ["--conditions=@drawbar/source", "--input-type=module-typescript", "--eval", code]
    const { status, stderr } = spawnSync(process.execPath, flags, {
      cwd: join(import.meta.dirname, ".."),
      encoding: "utf8",
    })
    expect(status, stderr).toBe(0)
  },
  60_000,
)
