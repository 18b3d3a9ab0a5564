// A newcomer's journey with an installed `drawbar`: each step runs the command that the step before printed, as a shell takes it.
import { spawn } from "node:child_process"
import { once } from "node:events"
import { writeFileSync } from "node:fs"
import { createServer } from "node:http"
import { join } from "node:path"
import process from "node:process"
import { text } from "node:stream/consumers"

/** A model of the user's own: a server on this machine that speaks OpenAI's API. */
const ownModel = async () => {
  const server = createServer((_, response) => {
    response.setHeader("content-type", "application/json")
    response.end(JSON.stringify({ choices: [{ message: { role: "assistant", content: "My model answers." } }] }))
  }).listen(0, "127.0.0.1")
  await once(server, "listening")
  return server
}

const blueprint = (port) => ({
  name: "My model",
  version: 1,
  protocol: "http",
  parameters: { model: "my-model" },
  actions: [
    {
      action_type: "predict",
      method: "POST",
      url: `http://localhost:${port}/v1/chat/completions`,
      request_body: '{ "model": "${parameters.model}", "messages": ${parameters.messages} }',
    },
  ],
})

/** `ports`: of the server and of the demo, free ones. */
export const journey = async ({ folder, environment, ports, expect }) => {
  const children = []
  const options = { cwd: folder, env: { ...environment, DRAWBAR_URL: `http://127.0.0.1:${ports.server}` } }

  // Not spawnSync: the user's own model is served by this process.
  const run = async (line, code = 0) => {
    const child = spawn(line, { ...options, shell: true })
    const ended = once(child, "close")
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
    const [status] = await ended
    expect(line, status === code, `exit code ${status}\n${stdout}${stderr}`)
    return { out: stdout, text: stdout + stderr }
  }

  /** A command that keeps running; what it prints up to a pattern. */
  const open = async (line, until) => {
    const child = spawn(process.platform === "win32" ? line : `exec ${line}`, { ...options, shell: true })
    let said = ""
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (part) => (said += part))
    const closed = once(child, "close")
    children.push({ child, closed })
    while (!until.test(said) && child.exitCode === null) await new Promise((go) => setTimeout(go, 20))
    expect(line, until.test(said), said)
    return said
  }

  /** The command in a text, whole as it is printed. */
  const printed = (said, pattern) => {
    const command = pattern.exec(said)?.[1]
    expect(`  prints ${command ?? pattern}`, command !== undefined, said)
    return command
  }
  const next = (said) => printed(said, /Next[^:\n]*: (drawbar .*)/)

  const own = await ownModel()
  try {
    const greeting = await open(`drawbar serve --port ${ports.server}`, /blueprint list/)
    await run(next(greeting))
    const demo = await open(`drawbar demo --port ${ports.demo}`, /demo-embeddings/)
    await run(printed(demo, /^ +(drawbar trust .*)$/m))
    const used = await run(printed(demo, /^ +(drawbar blueprint use demo-chat.*)$/m))
    const answer = await run(next((await run(next(used.text))).text))
    expect("the demo answers", answer.out.includes("You said: Hello from Drawbar"), answer.text)

    writeFileSync(join(folder, "my-model.json"), JSON.stringify(blueprint(own.address().port), null, 2))
    const refused = await run("drawbar lint my-model.json", 1)
    await run(printed(refused.text, /(drawbar trust \S+)/))
    const valid = await run(printed(refused.text, /: (drawbar connector validate .*)/))
    const created = await run(next(valid.text))
    const tested = await run(printed(created.text, /: (drawbar connector test .*)/))
    expect("the connector's own test reaches the model", tested.out.includes("My model answers."), tested.text)
    const registered = await run(next(created.text))
    const predict = next(registered.text)
    expect("one's own model answers", (await run(predict)).out.includes("My model answers."))

    const key = (await run(printed(registered.text, /: (drawbar key create .*)/))).out.trim()

    const backup = await run(printed(greeting, /: (drawbar backup .*)/))
    const serve = next((await run(next(backup.text))).text)
    options.env.DRAWBAR_AUTH = "on"
    const restored = await open(serve, /blueprint list/)
    options.env.DRAWBAR_URL = printed(restored, /listens on (\S+)/)
    await run(next(restored))
    await run(predict, 1)
    options.env.DRAWBAR_API_KEY = key
    expect("the restored server takes the key", (await run(predict)).out.includes("My model answers."))
  } finally {
    own.close()
    for (const { child } of children) child.kill("SIGTERM")
    await Promise.all(children.map(({ closed }) => closed))
  }
}
