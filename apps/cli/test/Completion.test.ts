/** Completions: what `drawbar __complete` prints, and bash with the script that `--completions bash` prints. */
import { execFile } from "node:child_process"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { afterAll, beforeAll, expect, it } from "vitest"
import * as Terminal from "./Terminal.ts"

let terminal: Terminal.Terminal
let group = ""
beforeAll(async () => {
  terminal = await Terminal.open()
  group = (await terminal.drawbar(["group", "create", "bees and flowers", "-o", "name"])).out.trim()
  await terminal.drawbar(["trust", "http://localhost:11434"])
})
afterAll(() => terminal[Symbol.asyncDispose]())

it.each([
  { words: ["con"], values: ["connector", "controller", "context"] },
  { words: ["model", "pre"], values: ["predict"] },
  { words: ["model", "predict", "x", "--str"], values: ["--stream"] },
  { words: ["connector", "list", "-o", "js"], values: ["json"] },
  { words: ["blueprint", "use", "openai-c"], values: ["openai-chat", "openai-completion"] },
  { words: ["blueprint", "show", "demo"], values: ["demo-chat", "demo-embeddings"] },
  { words: ["key", "create", "x", "--role", "dev"], values: ["developer"] },
  {
    words: ["settings", "get", "plugins.drawbar.t"],
    values: ["plugins.drawbar.trusted_hosts"],
  },
  { words: ["untrust", ""], values: ["http://localhost:11434"] },
  { words: ["connector", "create", ""], values: [] },
  { words: ["group", "get", "", "--url", "http://127.0.0.1:1", ""], values: [] },
])("$words is completed to $values", async ({ words, values }) => {
  const { code, out, err } = await terminal.drawbar(["__complete", ...words])
  expect({ code, err }).toEqual({ code: 0, err: "" })
  expect(out.split("\n").flatMap((line) => line.split("\t")[0] || [])).toEqual(values)
})

it("knows the ids of records, with their names", async () => {
  for (const words of [
    ["group", "get", ""],
    ["model", "register", "--group", group.slice(0, 3)],
  ])
    expect((await terminal.drawbar(["__complete", ...words])).out).toBe(`${group}\tbees and flowers\n`)
  expect((await terminal.drawbar(["__complete", "group", "get", "--url", "http://127.0.0.1:1", ""])).out).toBe("")
})

it("completes in bash, at colons too", async () => {
  const { drawbar, folder, url } = terminal
  const script = await drawbar(["--completions", "bash"])
  const main = fileURLToPath(new URL("../src/main.ts", import.meta.url))
  await writeFile(join(folder, "complete.bash"), script.out)
  const replies = async (line: string) => {
    const run = `drawbar() { "$NODE" --conditions=@drawbar/source "$MAIN" "$@"; }
      source "$FOLDER/complete.bash"; COMP_LINE="$LINE"; COMP_POINT=\${#LINE}; _drawbar; printf '%s\\n' "\${COMPREPLY[@]}"`
    const env = { PATH: process.env["PATH"], NODE: process.execPath, MAIN: main, FOLDER: folder, LINE: line }
    const { stdout } = await promisify(execFile)("bash", ["-c", run], {
      env: { ...env, DRAWBAR_URL: url, XDG_CONFIG_HOME: folder },
    })
    return stdout.trim().split("\n")
  }
  expect(await replies("drawbar blueprint u")).toEqual(["use"])
  expect(await replies("drawbar group get ")).toEqual([group])
  expect(await replies("drawbar untrust http:")).toEqual(["//localhost:11434"])
})

it.each(["zsh", "fish", "powershell"])("prints a script for %s", async (shell) => {
  const { code, out } = await terminal.drawbar(["--completions", shell])
  expect(code).toBe(0)
  expect(out).toContain(shell === "powershell" ? "drawbar" : "drawbar __complete")
})
