/** OpenAI's client of the major version before, on Node 20, unmodified, against a provider that speaks an API of its own. */
import { execFile } from "node:child_process"
import { existsSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { promisify } from "node:util"
import * as OpenAi from "@drawbar/stub-platform/OpenAi"
import { assert, it } from "vitest"
import { embeddings, providers } from "./ChatProviders.ts"
import * as ChatServer from "./ChatServer.ts"

const clients = join(import.meta.dirname, "../../../tools/older-clients")
// Node's package for this platform, where it has one.
const node = join(clients, "node_modules", `node-${process.platform}-${process.arch}`, "bin/node")

it.skipIf(!existsSync(node))(
  "openai 6 on Node 20: chat, stream, tools, usage chunk, embeddings, errors, abort",
  async () => {
    const [provider] = providers
    assert.isDefined(provider)
    await using chat = await ChatServer.start(provider)
    await using embedder = await ChatServer.start(embeddings, OpenAi.handler())
    const { stdout } = await promisify(execFile)(node, [join(clients, "walk.mjs")], {
      env: {
        PATH: process.env["PATH"],
        CHAT_URL: chat.baseURL,
        CHAT_MODEL: chat.model,
        EMBED_URL: embedder.baseURL,
        EMBED_MODEL: embedder.model,
      },
    })
    assert.match(stdout, /^openai 6\.\d+\.\d+ on Node v20\./)
    // What is refused is not sent, and not repeated.
    assert.strictEqual(chat.platform.requests.length, 5)
  },
  120_000,
)
