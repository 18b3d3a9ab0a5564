/** How commands print, ask and fail: formats, ages, deletions, wrong use. */
import * as Json from "@drawbar/json-text/Json"
import { Result } from "effect"
import { afterAll, assert, beforeAll, describe, expect, it } from "vitest"
import * as Age from "../src/output/Age.ts"
import * as Yaml from "../src/output/Yaml.ts"
import * as Terminal from "./Terminal.ts"

let terminal: Terminal.Terminal
beforeAll(async () => {
  terminal = await Terminal.open()
})
afterAll(() => terminal[Symbol.asyncDispose]())

describe("YAML", () => {
  it.each([
    ["{}", "{}"],
    ["[]", "[]"],
    ['{"a":1.10,"b":9007199254740993}', "a: 1.10\nb: 9007199254740993"],
    [
      '{"a":"plain text","b":"true","c":"no","d":"1","e":"a: b","f":""}',
      'a: plain text\nb: "true"\nc: "no"\nd: "1"\ne: "a: b"\nf: ""',
    ],
    ['{"a":{"b":[1,{"c":null,"d":[]}]}}', "a:\n  b:\n    - 1\n    - c: null\n      d: []"],
    ['[[1,2],["x\\ny"]]', '- - 1\n  - 2\n- - "x\\ny"'],
    ['{"yes":1,"- a":2}', '"yes": 1\n"- a": 2'],
  ])("of %s", (json, yaml) => assert.strictEqual(Yaml.write(Result.getOrThrow(Json.parse(json))), yaml))
})

describe("an age", () => {
  it.each([
    [0, "0s"],
    [-5_000, "0s"],
    [59_999, "59s"],
    [60_000, "1m"],
    [3_599_999, "59m"],
    [7_200_000, "2h"],
    [864_000_000, "10d"],
  ])("of %i ms is %s", (millis, text) => assert.strictEqual(Age.of(1_000_000_000, 1_000_000_000 + millis), text))

  it("stands beside the date", () => {
    assert.strictEqual(Age.moment(0, 60_000), "1970-01-01 00:00:00 UTC (1m ago)")
    assert.strictEqual(Age.moment(60_000, 0), "1970-01-01 00:01:00 UTC (in 1m)")
  })
})

it("lists the newest first, with ages, and as names and YAML", async () => {
  const { drawbar } = terminal
  const ids: Array<string> = []
  for (const name of ["first", "second", "third"]) {
    const { out } = await drawbar(["group", "create", name, "-o", "name"])
    ids.unshift(out.trim())
  }
  expect((await drawbar(["group", "list", "-o", "name"])).out.trim().split("\n")).toEqual(ids)
  expect((await drawbar(["group", "list"])).out).toMatch(/^ID .* AGE\n\S+ +third .* \d+s\n\S+ +second /)
  expect((await drawbar(["group", "get", ids[0] ?? ""])).out).toMatch(
    /^created_time +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC \(\d+s ago\)$/m,
  )
  expect((await drawbar(["group", "get", ids[0] ?? "", "-o", "yaml"])).out).toMatch(/^created_time: \d{13}$/m)
  expect((await drawbar(["blueprint", "list", "-o", "name"])).out).toContain("openai-chat\n")
})

it.each(["connector", "model", "group", "task", "key", "user", "controller"])(
  "fails to delete a %s that does not exist",
  async (noun) => {
    const ended = await terminal.drawbar([noun, "delete", "nothing", "--yes"])
    expect(ended).toMatchObject({ code: 1, out: "" })
    expect(ended.err).toMatch(/not found|Failed to find/)
  },
)

it.each([
  { behaviour: "an unknown command", args: ["modle", "list"], first: "unknown command modle, did you mean model?" },
  {
    behaviour: "the former name of a command",
    args: ["keys", "rotate"],
    first: "`drawbar keys` is now `drawbar keyring`",
  },
  {
    behaviour: "an unknown flag",
    args: ["model", "predict", "x", "--stram"],
    first: "unknown flag --stram, did you mean --stream?",
  },
  { behaviour: "a misspelled value", args: ["model", "list", "-o", "jsn"], first: "Did you mean json?" },
  { behaviour: "a missing argument", args: ["model", "get"], first: "missing required argument: id" },
  {
    behaviour: "a parameter that the blueprint has not",
    args: ["blueprint", "use", "openai-chat", "--set", "modle=x", "--credential", "openAI_key=env:OPENAI_API_KEY"],
    first: "Did you mean model?",
  },
])("reports $behaviour first, on standard error", async ({ args, first }) => {
  const ended = await terminal.drawbar(args)
  expect(ended).toMatchObject({ code: 2, out: "" })
  expect(ended.err.split("\n")[0]).toContain(first)
})

it("points to the help of the command that was used wrongly", async () => {
  const { err } = await terminal.drawbar(["connector", "create"])
  expect(err).toContain("Usage: drawbar connector create")
  expect(err).toContain("Run `drawbar connector create --help`")
})

it("prints help by flag and by command, and versions with and without a server", async () => {
  const { drawbar } = terminal
  const byFlag = await drawbar(["model", "predict", "--help"])
  expect(byFlag).toMatchObject({ code: 0, err: "" })
  expect((await drawbar(["help", "model", "predict"])).out).toBe(byFlag.out)
  expect((await drawbar(["version"])).out).toMatch(/^drawbar \d+\.\d+\.\d+\nserver {2}\d+\.\d+\.\d+\n$/)
  expect((await drawbar(["version", "--url", "http://127.0.0.1:1"])).out).toContain("not reached")
  expect((await drawbar(["status"])).out).toMatch(/^ready +yes$/m)
  const down = await drawbar(["status", "--url", "http://127.0.0.1:1"])
  expect(down.code).toBe(1)
  expect(down.err).toContain("drawbar serve")
})

it("reports every finding of a document with its place when a connector is refused", async () => {
  const { drawbar, file } = terminal
  await file(
    "two.json",
    '{\n  "name": "x",\n  "protocol": "https",\n  "actions": [\n    { "action_type": "predict",\n      "method": "POTS", "url": "https://api.openai.com/v1", "request_body": "{}" }\n  ]\n}',
  )
  const ended = await drawbar(["connector", "create", "two.json"])
  expect(ended).toMatchObject({ code: 1, out: "" })
  expect(ended.err).toMatch(/^two\.json:3:3: error invalid-field: Unsupported connector protocol/m)
  expect(ended.err).toMatch(/^two\.json:6:7: error invalid-field: unsupported http method/m)
})

it("sets limits of users, counts predicts, and streams events as lines of JSON", async () => {
  const { drawbar } = terminal
  const used = await drawbar([
    "blueprint",
    "use",
    "openai-chat",
    "-o",
    "name",
    "--credential",
    "openAI_key=env:OPENAI_API_KEY",
  ])
  const register = ["model", "register", "--name", "chat", "--connector", used.out.trim(), "--deploy", "-o", "name"]
  const model = (await drawbar(register)).out.trim()
  expect((await drawbar(["controller", "create", model, "--user", "ada=4/MINUTES"])).out).toContain("Created")
  expect((await drawbar(["controller", "update", model, "--user", "bob=1/second"])).code).toBe(0)
  expect(JSON.parse((await drawbar(["controller", "get", model, "-o", "json"])).out).user_rate_limiter).toMatchObject({
    ada: { unit: "MINUTES" },
    bob: { unit: "SECONDS" },
  })
  expect((await drawbar(["controller", "create", model, "--user", "ada=often"])).code).toBe(2)

  const predict = ["model", "predict", model, "--param", 'messages:=[{"role":"user","content":"hi there"}]']
  const lines = (await drawbar([...predict, "--stream", "-o", "json"])).out.trim().split("\n")
  expect(lines.length).toBeGreaterThan(1)
  const events = lines.map((line) => JSON.parse(line).inference_results[0].output[0].dataAsMap)
  expect(events.map(({ content }) => content).join("")).toBe("You said: hi there")
  expect(events.at(-1).is_last).toBe(true)
  expect((await drawbar(["stats", model])).out).toMatch(new RegExp(`^${model} +chat +DEPLOYED +1 +0 +\\d+`, "m"))
})
