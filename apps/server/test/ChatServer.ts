/** A server with one model, by a blueprint of the catalogue, in front of a provider on loopback. */
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import * as Answer from "@drawbar/stub-platform/Answer"
import * as StubPlatform from "@drawbar/stub-platform/StubPlatform"
import { assert } from "vitest"
import { ask } from "./AuthenticatedServer.ts"
import type { Provider } from "./ChatProviders.ts"
import * as InProcess from "./InProcess.ts"
import { settings } from "./Loopback.ts"

const blueprints = join(import.meta.dirname, "../../../packages/blueprint-catalogue/blueprints")

/** The model has the name of its blueprint. */
export const start = async ({ blueprint, whole, stream, path }: Provider, handler?: Answer.Handler) => {
  const answering: Answer.Handler = ({ target, text }) => {
    const isStream = /stream/i.test(target) || JSON.parse(text).stream === true
    return isStream ? stream() : Answer.json(whole)
  }
  const platform = await StubPlatform.start({ handler: handler ?? answering })
  const server = await InProcess.listen({ settings })
  const document = JSON.parse(await readFile(join(blueprints, blueprint, "blueprint.json"), "utf8"))
  const secrets = Object.keys(document.credential ?? {}).map((name) => [name, "test-secret"])
  const [action] = document.actions
  const made = await ask(server.url, undefined, "POST", "/_plugins/_ml/models/_register", {
    name: blueprint,
    function_name: "remote",
    connector: {
      ...document,
      ...(secrets.length === 0 ? {} : { credential: Object.fromEntries(secrets) }),
      actions: [{ ...action, url: platform.origin + path }],
    },
  })
  assert.strictEqual(made.status, 200, made.text)
  return {
    baseURL: `${server.url}/v1`,
    platform,
    model: blueprint,
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]()
      await platform.close()
    },
  }
}
