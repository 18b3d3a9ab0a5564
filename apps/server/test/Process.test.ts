import { once } from "node:events"
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises"
import { createServer, type AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { assert, describe, it } from "@effect/vitest"
import * as Spawned from "./Spawned.ts"

const run = (...flags: ReadonlyArray<string>) => Spawned.run(flags)

const folder = async () => {
  const path = await mkdtemp(join(tmpdir(), "drawbar-"))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) }
}

const post = (url: string, body: unknown) =>
  fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) })

const filesIn = async (path: string): Promise<ReadonlyArray<readonly [name: string, bytes: Buffer]>> => {
  const entries = await readdir(path, { withFileTypes: true, recursive: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return Promise.all(files.map(async (name) => [name, await readFile(name)] as const))
}

describe("a data folder", () => {
  it.runIf(process.platform === "linux").each([
    ["/proc/drawbar", "--data /proc/drawbar cannot be used: no folder can be created there."],
    ["/proc/drawbar/data", "--data /proc/drawbar/data cannot be used: no folder can be created there."],
    ["/dev/null", "--data /dev/null cannot be used: it is not a folder."],
    ["/proc", "Database /proc/drawbar.db: it cannot be opened."],
  ])("%s is refused at once", async (data, sentence) => {
    await using server = run("--port", "0", "--data", data)
    assert.strictEqual(await server.ended, 1)
    assert.include(server.said(), sentence)
  })
})

describe("a secret", () => {
  it("is in no file and not in the output of the process", async () => {
    await using data = await folder()
    const secret = "sk-planted-in-a-process-5e3f"
    const blueprint = {
      name: "Planted",
      version: 1,
      protocol: "http",
      credential: { key: secret },
      actions: [
        {
          action_type: "predict",
          method: "POST",
          url: "https://api.openai.com/v1/chat/completions",
          headers: { Authorization: "Bearer ${credential.key}" },
          request_body: '{"q":"${parameters.q}"}',
        },
      ],
    }
    // The port is closed: the predict fails.
    await using server = run("--port", "0", "--data", data.path, "--connect-to", "api.openai.com:443:127.0.0.1:1")
    const url = await server.url
    const ml = `${url}/_plugins/_ml`
    const { connector_id }: any = await (await post(`${ml}/connectors/_create`, blueprint)).json()
    for (const source of [{ connector_id }, { connector: blueprint }]) {
      const model = { name: "m", function_name: "remote", ...source }
      const { model_id }: any = await (await post(`${ml}/models/_register`, model)).json()
      assert.strictEqual((await post(`${ml}/models/${model_id}/_predict`, { parameters: { q: "x" } })).status, 502)
    }
    const spellings = [secret, Buffer.from(secret).toString("base64"), Buffer.from(secret).toString("hex")]
    const look = async () => {
      const files = await filesIn(data.path)
      assert.isAbove(files.length, 1)
      for (const [name, bytes] of files)
        for (const spelling of spellings) assert.isFalse(bytes.includes(spelling), `${name} contains ${spelling}`)
    }
    await look()
    server.child.kill("SIGTERM")
    assert.strictEqual(await server.ended, 0)
    await look()
    for (const spelling of spellings) assert.notInclude(server.said(), spelling)
  })
})

describe("the process", () => {
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    it(`stops on ${signal} with exit code 0, and finds its records and keys again`, async () => {
      await using data = await folder()
      const flags = ["--port", "0", "--data", join(data.path, "new")]
      {
        await using first = run(...flags)
        assert.strictEqual(
          (await post(`${await first.url}/_plugins/_ml/model_groups/_register`, { name: "g", model_group_id: "kept" }))
            .status,
          200,
        )
        assert.include(first.said(), "Back it up")
        first.child.kill(signal)
        assert.strictEqual(await first.ended, 0, first.said())
      }
      assert.strictEqual((await stat(join(data.path, "new/keyring.json"))).mode & 0o077, 0)
      await using second = run(...flags)
      assert.strictEqual((await fetch(`${await second.url}/_plugins/_ml/model_groups/kept`)).status, 200)
      assert.notInclude(second.said(), "Back it up")
    })

  it("exits immediately with 1 on a second signal of either kind", async () => {
    const mute = createServer()
    await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve))
    const { port } = mute.address() as AddressInfo
    await using process = run(
      "--port",
      "0",
      "--data",
      ":memory:",
      "--connect-to",
      `api.openai.com:443:127.0.0.1:${port}`,
    )
    const url = await process.url
    const connector = {
      name: "c",
      version: 1,
      protocol: "http",
      actions: [
        {
          action_type: "predict",
          method: "POST",
          url: "https://api.openai.com/v1/chat/completions",
          request_body: "{}",
        },
      ],
    }
    const model = { name: "m", function_name: "remote", connector }
    const { model_id }: any = await (await post(`${url}/_plugins/_ml/models/_register`, model)).json()
    const requested = once(mute, "connection")
    const predict = post(`${url}/_plugins/_ml/models/${model_id}/_predict`, { parameters: {} }).catch(
      () => "abort them",
    )
    await requested
    process.child.kill("SIGINT")
    await once(process.child.stdout!, "data")
    process.child.kill("SIGTERM")
    assert.strictEqual(await process.ended, 1)
    assert.strictEqual(await predict, "abort them")
    mute.close()
  })

  it("suggests a free port if its own is in use, and exits with 1", async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve))
    const { port } = taken.address() as AddressInfo
    await using process = run("--port", String(port), "--data", ":memory:")
    assert.strictEqual(await process.ended, 1)
    assert.match(
      process.said(),
      new RegExp(`^Port ${port} is in use\\. Start Drawbar with --port \\d+, which is free\\.\\n$`),
    )
    taken.close()
  })

  it("explains an invalid flag, prints the usage, and exits with 2", async () => {
    await using process = run("--prot", "1")
    assert.strictEqual(await process.ended, 2)
    assert.include(process.said(), "--prot")
    assert.include(process.said(), "Usage:")
  })

  it("reports the position of invalid JSON in a settings file", async () => {
    await using data = await folder()
    const settings = join(data.path, "settings.json")
    await writeFile(settings, '{\n  "a": ,\n}')
    await using process = run("--port", "0", "--data", ":memory:", "--settings", settings)
    assert.strictEqual(await process.ended, 1)
    assert.include(process.said(), `--settings ${settings} is not valid JSON`)
    assert.include(process.said(), "line 2")
  })

  it("applies the settings of a settings file", async () => {
    await using data = await folder()
    const settings = join(data.path, "settings.json")
    await writeFile(settings, '{ "plugins": { "ml_commons": { "model_auto_deploy.enable": false } } }')
    await using process = run("--port", "0", "--data", ":memory:", "--settings", settings)
    const answer = await fetch(`${await process.url}/_cluster/settings?include_defaults&flat_settings`)
    assert.include(await answer.text(), '"plugins.ml_commons.model_auto_deploy.enable":"false"')
  })
})
