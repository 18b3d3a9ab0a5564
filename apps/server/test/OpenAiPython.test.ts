/**
 * The same for Python. DRAWBAR_PYTHON names an interpreter that has openai, langchain-openai, llama-index-llms-openai-like,
 * llama-index-embeddings-openai-like and haystack-ai.
 */
import { execFile } from "node:child_process"
import { join } from "node:path"
import process from "node:process"
import { promisify } from "node:util"
import * as OpenAi from "@drawbar/stub-platform/OpenAi"
import { assert, it } from "vitest"
import { embeddings, providers } from "./ChatProviders.ts"
import * as ChatServer from "./ChatServer.ts"

const python = process.env["DRAWBAR_PYTHON"]
const run = promisify(execFile)

it.skipIf(python === undefined)(
  "openai, LangChain, LlamaIndex and Haystack for Python (DRAWBAR_PYTHON)",
  async () => {
    const [provider] = providers
    assert.isDefined(provider)
    await using chat = await ChatServer.start(provider)
    await using embedder = await ChatServer.start(embeddings, OpenAi.handler())
    const { stdout } = await run(python ?? "", [join(import.meta.dirname, "openai_clients.py")], {
      env: {
        ...process.env,
        HAYSTACK_TELEMETRY_ENABLED: "False",
        CHAT_URL: chat.baseURL,
        CHAT_MODEL: chat.model,
        EMBED_URL: embedder.baseURL,
        EMBED_MODEL: embedder.model,
      },
    })
    assert.deepEqual(stdout.trim().split("\n"), ["openai_client", "langchain", "llama_index", "haystack"])
  },
  300_000,
)
