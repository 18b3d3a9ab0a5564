/** zsh and fish with the scripts that `--completions` prints. A shell that this machine does not have is left out, and the test says so. */
import { execFile, spawnSync } from "node:child_process"
import { chmod, readFile } from "node:fs/promises"
import { join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import * as Terminal from "./Terminal.ts"

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url))
const isMissing = (shell: string): boolean => spawnSync(shell, ["--version"]).status !== 0
const titleOf = (shell: string): string => (isMissing(shell) ? `${shell}, which is not installed here` : shell)

let terminal: Terminal.Terminal
let group = ""
let environment: Readonly<Record<string, string>> = {}
beforeAll(async () => {
  terminal = await Terminal.open()
  group = (await terminal.drawbar(["group", "create", "bees and flowers", "-o", "name"])).out.trim()
  await terminal.drawbar(["trust", "http://localhost:11434"])
  await terminal.file("drawbar", `#!/bin/sh\nexec '${process.execPath}' --conditions=@drawbar/source '${main}' "$@"\n`)
  await chmod(join(terminal.folder, "drawbar"), 0o755)
  await terminal.file("blueprint.json", "{}")
  for (const shell of ["zsh", "fish"])
    await terminal.file(`completions.${shell}`, (await terminal.drawbar(["--completions", shell])).out)
  environment = {
    PATH: `${terminal.folder}:${process.env["PATH"]}`,
    HOME: terminal.folder,
    DRAWBAR_URL: terminal.url,
    TERM: "dumb",
  }
}, 120_000)
afterAll(() => terminal[Symbol.asyncDispose]())

const run = (shell: string, args: ReadonlyArray<string>) =>
  promisify(execFile)(shell, [...args], { cwd: terminal.folder, env: environment, timeout: 120_000 })

describe(titleOf("fish"), () => {
  it.skipIf(isMissing("fish")).each([
    { line: "drawbar con", shown: () => ["connector", "context", "controller"] },
    { line: "drawbar group get ", shown: () => [group] },
    { line: "drawbar connector list -o js", shown: () => ["json"] },
    { line: "drawbar untrust http://l", shown: () => ["http://localhost:11434"] },
    { line: "drawbar connector create blue", shown: () => ["blueprint.json"] },
  ])(
    "completes `$line`",
    async ({ line, shown }) => {
      const { stdout } = await run("fish", ["--no-config", "-c", `source completions.fish; complete -C '${line}'`])
      expect(stdout.split("\n").flatMap((found) => found.split("\t")[0] || [])).toEqual(shown())
    },
    120_000,
  )
})

/** Types a line and the tab key at a terminal, then Ctrl-X, which writes the line to a file and ends the shell. */
const zshDriver = `zmodload zsh/zpty
zpty child zsh -f -i
zpty -w child 'source ./setup.zsh'
zpty -w -n child "$1"$'\\t\\x18'
while zpty -r child part; do print -rn -- "$part"; done
`
const zshSetup = `autoload -Uz compinit
compinit -u -D
source ./completions.zsh
finish() { print -rn -- "$BUFFER" > line.txt; exit }
zle -N finish
bindkey '^X' finish
`

describe(titleOf("zsh"), () => {
  it.skipIf(isMissing("zsh")).each([
    { typed: "drawbar model pre", line: () => "drawbar model predict " },
    { typed: "drawbar group get ", line: () => `drawbar group get ${group} ` },
    { typed: "drawbar connector list -o js", line: () => "drawbar connector list -o json " },
    { typed: "drawbar untrust http://l", line: () => "drawbar untrust http://localhost:11434 " },
    { typed: "drawbar connector create blue", line: () => "drawbar connector create blueprint.json " },
  ])(
    "completes `$typed`",
    async ({ typed, line }) => {
      await terminal.file("setup.zsh", zshSetup)
      await terminal.file("driver.zsh", zshDriver)
      await terminal.file("line.txt", "")
      const { stdout } = await run("zsh", ["-f", "driver.zsh", typed])
      expect(await readFile(join(terminal.folder, "line.txt"), "utf8"), stdout).toBe(line())
    },
    120_000,
  )
})
