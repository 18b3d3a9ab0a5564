/** From the refusal of a host to a predict, with the commands that the messages print. */
import * as OpenAi from "@drawbar/stub-platform/OpenAi"
import * as StubPlatform from "@drawbar/stub-platform/StubPlatform"
import { afterAll, beforeAll, expect, it } from "vitest"
import * as Terminal from "./Terminal.ts"

let terminal: Terminal.Terminal
let local: StubPlatform.StubPlatform
beforeAll(async () => {
  terminal = await Terminal.open()
  local = await StubPlatform.start({ handler: OpenAi.handler({ apiKey: Terminal.secret }) })
})
afterAll(async () => {
  await terminal[Symbol.asyncDispose]()
  await local.close()
})

/** The arguments of a command that a message prints; its words are quoted as a shell quotes them. */
const printed = (text: string, pattern: RegExp): ReadonlyArray<string> =>
  [...(pattern.exec(text)?.[1] ?? "").matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "")

it("opens a model on this machine by running the commands as they are printed", async () => {
  const { drawbar, file } = terminal
  const origin = `http://localhost:${local.port}`
  const shown = JSON.parse((await drawbar(["blueprint", "show", "openai-chat"])).out)
  const { $schema: _, ...blueprint } = shown
  blueprint.actions[0].url = `${origin}/v1/chat/completions`
  await file("local.json", JSON.stringify(blueprint, null, 2))
  const create = ["connector", "create", "local.json", "--credential", "openAI_key=env:OPENAI_API_KEY"]

  const refused = await drawbar(create)
  expect(refused.code).toBe(1)
  expect(refused.err).toMatch(/local\.json:\d+:\d+: error untrusted-host/)
  const trust = printed(refused.err, /drawbar (trust \S+)/)
  expect(trust).toEqual(["trust", origin])
  expect(await drawbar(trust)).toMatchObject({ code: 0, err: "" })

  const created = await drawbar(create)
  const registered = await drawbar(printed(created.out, /Next: drawbar (.*)/))
  const predicted = await drawbar(printed(registered.out, /Next: drawbar (.*)/))
  expect(predicted).toMatchObject({ code: 0, err: "" })
  expect(predicted.out).toContain("You said: Hello from Drawbar")

  expect((await drawbar(["trust", "list"])).out).toMatch(new RegExp(`^${origin} +plugins.drawbar.trusted_hosts$`, "m"))
  expect((await drawbar(["trust", "list", "-o", "name"])).out).toBe(`${origin}\n`)
  expect((await drawbar(["untrust", origin])).out).toContain(`No longer trusted: ${origin}`)
  const again = await drawbar(["untrust", origin])
  expect(again).toMatchObject({ code: 1, out: "" })
  expect((await drawbar(create)).code).toBe(1)
})

it.each([
  { origin: "localhost:11434", code: 2, err: "http://localhost:11434" },
  { origin: "https://models.example/v1", code: 2, err: "https://models.example" },
  { origin: "http://169.254.169.254", code: 1, err: "no setting allows it" },
  { origin: "http://localhost:25", code: 1, err: "reserved for a protocol" },
])("rejects $origin", async ({ origin, code, err }) => {
  const ended = await terminal.drawbar(["trust", origin])
  expect(ended).toMatchObject({ code, out: "" })
  expect(ended.err).toContain(err)
})

it("keeps every host that commands trust side by side", async () => {
  const { drawbar } = terminal
  const origins = ["http://a.internal:1234", "http://b.internal:1234", "http://c.internal:1234"]
  const ended = await Promise.all(origins.map((origin) => drawbar(["trust", origin])))
  expect(ended.map(({ code }) => code)).toEqual([0, 0, 0])
  expect((await drawbar(["trust", "list", "-o", "name"])).out.trim().split("\n").toSorted()).toEqual(origins)
})

it("reads, sets and unsets settings, and names the one that was meant", async () => {
  const { drawbar } = terminal
  const name = "plugins.ml_commons.stream_enabled"
  expect((await drawbar(["settings", "get", name])).out).toBe("true\n")
  expect((await drawbar(["settings", "set", name, "false"])).out).toContain("to false")
  expect((await drawbar(["settings", "get", name])).out).toBe("false\n")
  expect((await drawbar(["settings", "get"])).out).toMatch(/^plugins\.ml_commons\.stream_enabled +false +persistent$/m)
  expect((await drawbar(["settings", "unset", name])).out).toContain("it is true now")
  const typo = await drawbar(["settings", "set", "plugins.ml_commons.stream_enable", "false"])
  expect(typo).toMatchObject({ code: 1, out: "" })
  expect(typo.err).toContain(`did you mean [${name}]?`)
  const list = "plugins.ml_commons.trusted_connector_endpoints_regex"
  const replaced = await drawbar(["settings", "set", list, "^https://a\\.example/.*$", "^https://b\\.example/.*$"])
  expect(replaced.err).toContain("drawbar trust")
  expect(JSON.parse((await drawbar(["settings", "get", list, "-o", "json"])).out)).toHaveLength(2)
})
