import { afterAll, beforeAll, expect, it } from "vitest"
import * as Terminal from "./Terminal.ts"

let terminal: Terminal.Terminal
beforeAll(async () => {
  terminal = await Terminal.open()
})
afterAll(async () => {
  await terminal[Symbol.asyncDispose]()
})

const idIn = (text: string, noun: string): string => new RegExp(`${noun} (\\S{20})`).exec(text)?.[1] ?? ""
const messages = 'messages:=[{"role":"user","content":"it\'s 1.50"}]'

/** A chat connector and a deployed model that uses it. */
const chat = async () => {
  const { drawbar } = terminal
  const created = await drawbar(["blueprint", "use", "openai-chat", "--credential", "openAI_key=env:OPENAI_API_KEY"])
  expect(created).toMatchObject({ code: 0, err: "" })
  const connector = idIn(created.out, "connector")
  const registered = await drawbar(["model", "register", "--name", "chat", "--connector", connector, "--deploy"])
  expect(registered).toMatchObject({ code: 0, err: "" })
  return { connector, model: idIn(registered.out, "model") }
}

it("creates, shows, calls, undeploys and deletes a model from a terminal", async () => {
  const { drawbar, platform } = terminal
  const { connector, model } = await chat()

  const rendered = await drawbar(["render", model, "--param", messages])
  expect(rendered.code).toBe(0)
  expect(rendered.out).toMatch(/^POST https:\/\/api\.openai\.com\/v1\/chat\/completions\n/)
  expect(rendered.out).toContain('"content":"it\'s 1.50"')
  expect(platform.requests.length).toBe(0)

  const curl = await drawbar(["render", model, "--param", messages, "--curl"])
  expect(curl.out).toContain("it'\\''s 1.50")

  const requested = await drawbar(["model", "predict", model, "--param", messages])
  expect(requested).toMatchObject({ code: 0, err: "" })
  expect(requested.out).toContain("You said: it's 1.50")
  expect(platform.requests.at(-1)?.text).toContain('"content":"it\'s 1.50"')

  const streamed = await drawbar(["model", "predict", model, "--param", messages, "--stream"])
  expect(streamed).toMatchObject({ code: 0, err: "", out: "You said: it's 1.50\n" })

  const inUse = await drawbar(["connector", "delete", connector])
  expect(inUse.code).toBe(1)
  expect(inUse.err).toContain(model)

  expect((await drawbar(["model", "undeploy", model])).out).toContain("undeployed")
  expect((await drawbar(["model", "delete", model])).out).toBe(`Deleted model ${model}\n`)
  expect((await drawbar(["connector", "delete", connector])).out).toBe(`Deleted connector ${connector}\n`)
  for (const { out, err } of [rendered, curl, requested, inUse]) expect(out + err).not.toContain(Terminal.secret)
}, 60_000)

it("reads parameters from a JSON file, from Dev Tools text and from standard input", async () => {
  const { drawbar, file } = terminal
  const { model } = await chat()
  const body = '{ "messages": [{ "role": "user", "content": "from here" }] }'
  await file("plain.json", body)
  await file("whole.json", `{ "parameters": ${body} }`)
  await file("console.txt", `POST /_plugins/_ml/models/x/_predict\n{ "parameters": ${body} }\n`)
  for (const path of ["plain.json", "whole.json", "console.txt"])
    expect((await drawbar(["model", "predict", model, "-p", path])).out).toContain("You said: from here")
  expect((await drawbar(["model", "predict", model, "-p", "-"], body)).out).toContain("You said: from here")
}, 60_000)

it("prints the server's response for `--output json`, before or after the subcommand", async () => {
  const { drawbar } = terminal
  await chat()
  for (const args of [
    ["connector", "list", "--output", "json"],
    ["--output", "json", "connector", "list"],
  ]) {
    const { code, out } = await drawbar(args)
    expect(code).toBe(0)
    expect(JSON.parse(out).hits.hits[0]._source).toMatchObject({ name: "OpenAI chat", protocol: "http" })
    expect(out).not.toContain(Terminal.secret)
  }
}, 60_000)

const broken = '{\n  "name": "x",\n  "credential": { "a": "sk-1" "b" }\n}'

it.each([
  { behaviour: "suggests a subcommand for a typo", args: ["connector", "creat"], code: 2, err: "create" },
  { behaviour: "names an unknown flag", args: ["model", "predict", "x", "--paramz", "y"], code: 2, err: "--paramz" },
  {
    behaviour: "names a file that cannot be read",
    args: ["connector", "create", "none.json"],
    code: 2,
    err: "none.json",
  },
  {
    behaviour: "shows the line and column of invalid JSON",
    args: ["connector", "create", "broken.json"],
    code: 2,
    err: "broken.json:3:31",
  },
  {
    behaviour: "rejects a secret on the command line",
    args: ["blueprint", "use", "openai-chat", "--credential", `openAI_key=${Terminal.secret}`],
    code: 2,
    err: "env:VARIABLE",
  },
  {
    behaviour: "names a variable that is not set",
    args: ["blueprint", "use", "openai-chat", "--credential", "openAI_key=env:NOT_SET"],
    code: 2,
    err: "NOT_SET",
  },
  {
    behaviour: "names a credential that a blueprint leaves open",
    args: ["blueprint", "use", "openai-chat"],
    code: 2,
    err: "--credential openAI_key=env:OPENAI_API_KEY",
  },
  {
    behaviour: "names a model that does not exist",
    args: ["model", "predict", "nope", "--param", "a=b"],
    code: 1,
    err: "Failed to find model (status 404)",
  },
  {
    behaviour: "explains how to start a server that does not respond",
    args: ["connector", "list", "--url", "http://127.0.0.1:1"],
    code: 1,
    err: "drawbar serve",
  },
])(
  "$behaviour",
  async ({ args, code, err }) => {
    await terminal.file("broken.json", broken)
    const ended = await terminal.drawbar(args)
    expect(ended.code).toBe(code)
    expect(ended.err).toContain(err)
    expect(ended.err).not.toContain(Terminal.secret)
    expect(ended.err).not.toContain("sk-1")
  },
  30_000,
)

it("reports an untrusted certificate authority, not an unreachable server", async () => {
  const { drawbar, platform } = terminal
  const { code, err } = await drawbar(["connector", "list", "--url", `https://127.0.0.1:${platform.port}`])
  expect(code).toBe(1)
  expect(err).toContain("NODE_EXTRA_CA_CERTS")
})

it("sends no environment variable that the command line does not name", async () => {
  const { drawbar, file } = terminal
  const shown = JSON.parse((await drawbar(["blueprint", "show", "openai-chat"])).out)
  await file("hostile.json", JSON.stringify({ ...shown, credential: { openAI_key: "env:PATH" } }))
  const ended = await drawbar(["connector", "create", "hostile.json"])
  expect(ended.code).toBe(2)
  expect(ended.err).toContain("--credential openAI_key=env:PATH")
}, 30_000)

it("checks a blueprint locally and on the server before creating a connector", async () => {
  const { drawbar, file } = terminal
  const good = (await drawbar(["blueprint", "show", "openai-chat", "--output", "json"])).out
  await file("good.json", JSON.stringify(JSON.parse(good).blueprint ?? JSON.parse(good)))
  await file("bad.txt", 'POST /_plugins/_ml/connectors/_create\n{\n  "protocol": "https", // what\n  "actions": []\n}')

  const clean = await drawbar(["lint", "good.json"])
  expect(clean).toMatchObject({ code: 0, err: "" })
  const found = await drawbar(["lint", "good.json", "bad.txt"])
  expect(found.code).toBe(1)
  expect(found.out).toMatch(/^bad\.txt:3:3: error invalid-field: Unsupported connector protocol/m)
  expect(found.err).toContain("4 errors")
  const asJson = await drawbar(["lint", "bad.txt", "--output", "json"])
  expect(JSON.parse(asJson.out)).toContainEqual(
    expect.objectContaining({ file: "bad.txt", code: "invalid-field", line: 3, column: 3, pointer: "/protocol" }),
  )

  expect(await drawbar(["connector", "validate", "good.json"])).toMatchObject({ code: 0, err: "" })
  const refused = await drawbar(["connector", "validate", "bad.txt"])
  expect(refused.code).toBe(1)
  expect(refused.out).toContain("Unsupported connector protocol")
}, 60_000)

it("tests a connector, and reports the stage that fails", async () => {
  const { drawbar, platform } = terminal
  const { connector } = await chat()
  const before = platform.requests.length
  const passed = await drawbar(["connector", "test", connector])
  expect(passed).toMatchObject({ code: 0, err: "" })
  expect(passed.out).toMatch(/answered +\d+ +status 200/)
  expect(platform.requests.length).toBe(before + 1)
  const failed = await drawbar(["connector", "test", connector, "--param", "messages=words"])
  expect(failed.code).toBe(1)
  expect(failed.out).toMatch(/rendered +\d+ +FAILED: .*messages/)
  expect(failed.err).toContain("ended at rendered")
}, 60_000)

it("lists, compares and restores versions, and switches an alias", async () => {
  const { drawbar, file } = terminal
  const { connector, model } = await chat()
  await file("change.json", '{ "description": "changed" }')
  expect((await drawbar(["connector", "update", connector, "change.json"])).code).toBe(0)
  const history = await drawbar(["connector", "history", connector])
  expect(history.out).toMatch(/^VERSION +TIME +BY +CHANGED\n2 .+ description\n1 /)
  const diff = await drawbar(["connector", "diff", connector])
  expect(diff.out).toContain("Version 1 to 2\n")
  expect(diff.out).toContain('+ /description: "changed"')
  expect((await drawbar(["connector", "diff", connector, "--from", "2", "--to", "2"])).out).toContain("No differences")
  const rolledBack = await drawbar(["connector", "rollback", connector, "1"])
  expect(rolledBack).toMatchObject({ code: 0, out: `Restored version 1 of connector ${connector}\n` })
  expect((await drawbar(["connector", "history", connector])).out).toContain("restored version 1")
  expect((await drawbar(["connector", "rollback", connector])).code).toBe(2)
  expect((await drawbar(["connector", "rollback", connector, "--to", "9"])).err).toContain("no version 9")
  expect((await drawbar(["model", "history", model])).out).toMatch(/\n1 /)

  const set = await drawbar(["alias", "set", "assistant", model])
  expect(set).toMatchObject({ code: 0, out: `Alias assistant stands for ${model} from the next request on\n` })
  expect((await drawbar(["model", "predict", "assistant", "--param", messages])).out).toContain("You said: it's 1.50")
  expect((await drawbar(["alias", "get", "assistant"])).out).toContain(model)
  expect((await drawbar(["alias", "set", "assistant", "--target", `${model}=2`])).code).toBe(0)
  expect((await drawbar(["alias", "list"])).out).toBe(`NAME       MODELS\nassistant  ${model}\n`)
  for (const wrong of [["--target", "x"], [model, "--target", `${model}=1`], []])
    expect((await drawbar(["alias", "set", "assistant", ...wrong])).code).toBe(2)
  expect((await drawbar(["alias", "delete", "assistant"])).out).toBe("Deleted alias assistant\n")
}, 60_000)
