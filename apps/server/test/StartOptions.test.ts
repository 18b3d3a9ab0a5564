import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Result } from "effect"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import * as Flags from "../src/options/Flags.ts"
import * as StartOptions from "../src/options/StartOptions.ts"

let folder = ""
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "drawbar-"))
  await mkdir(join(folder, "folder"))
  await writeFile(join(folder, "empty"), "")
  await writeFile(join(folder, "garbled"), Buffer.from([0xff, 0xfe, 0x00, 0x67]))
  await writeFile(join(folder, "list"), "[]")
  await writeFile(join(folder, "no-certificate"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
})
afterAll(() => rm(folder, { recursive: true }))

const start = (args: ReadonlyArray<string>) =>
  Flags.read([...args, "--data", ":memory:"], {}).pipe(
    Result.getOrThrow,
    (flags) => StartOptions.fromFlags(flags, {}),
    Effect.flip,
    Effect.runPromise,
  )

describe("the file of a flag", () => {
  const files: ReadonlyArray<readonly [flag: string, name: string, expectedText: string]> = [
    ["--settings", "absent", "no such file"],
    ["--settings", "folder", "it is a folder"],
    ["--settings", "empty", "is not valid JSON"],
    ["--settings", "garbled", "is not valid JSON"],
    ["--settings", "list", "not a JSON object"],
    ["--ca-file", "absent", "no such file"],
    ["--ca-file", "folder", "it is a folder"],
    ["--ca-file", "empty", "contains no certificate"],
    ["--ca-file", "garbled", "contains no certificate"],
    ["--ca-file", "no-certificate", "cannot be used"],
    ["--secrets", "absent", "no such file or folder"],
    ["--secrets", "empty", "it is not a folder"],
    ["--audit", "folder", "it is a folder"],
    ["--audit", "absent/audit.log", "no such file or folder"],
  ]
  for (const [flag, name, expectedText] of files)
    it(`${flag} ${name} is rejected by name`, async () => {
      const { message } = await start([flag, join(folder, name)])
      assert.include(message, `${flag} ${join(folder, name)} `)
      assert.include(message, expectedText)
    })

  for (const name of ["absent", "folder", "empty", "garbled"])
    it(`--tls-cert ${name} is rejected by name`, async () => {
      const file = join(folder, name)
      assert.include((await start(["--tls-cert", file, "--tls-key", file])).message, `--tls-cert ${file}`)
    })
})

it("reports the exit code of a key ring command that fails", async () => {
  const flags = Result.getOrThrow(Flags.read(["--data", folder, "--keyring", "command:exit 3"], {}))
  const { message } = await Effect.runPromise(Effect.flip(StartOptions.fromFlags(flags, {})))
  assert.strictEqual(message, "--keyring command:exit 3 cannot be used: it exited with 3.")
})
