/**
 * `pnpm --filter @drawbar/example-semantic-search start "how do bees find flowers"`
 *
 * Starts a model provider and Drawbar, embeds the facts and the query through Drawbar, and prints the nearest facts.
 * `--drawbar URL`, or DRAWBAR_URL in the environment, selects a server that is already running on this machine.
 */
import * as LocalPlatform from "@drawbar/example-local-platform/LocalPlatform"
import * as SentenceModel from "@drawbar/example-local-platform/SentenceModel"
import { Client } from "@opensearch-project/opensearch"
import { randomUUID } from "node:crypto"
import process from "node:process"
import { parseArgs } from "node:util"
import * as DrawbarServer from "./DrawbarServer.ts"
import * as EmbeddingModel from "./EmbeddingModel.ts"
import { facts } from "./Facts.ts"
import { nearest } from "./Nearest.ts"

const { values, positionals } = parseArgs({ options: { drawbar: { type: "string" } }, allowPositionals: true })
const queries = positionals.length === 0 ? ["how do bees find flowers"] : positionals

const key = randomUUID()
const platform = await LocalPlatform.start({ key })
const server = values.drawbar === undefined ? await DrawbarServer.start() : DrawbarServer.at(values.drawbar)
const drawbar = new Client({ node: server.url })
try {
  const modelId = await EmbeddingModel.deploy(drawbar, { url: platform.url, key, model: SentenceModel.name })
  const vectors = await EmbeddingModel.embed(drawbar, modelId, facts)
  const requested = await EmbeddingModel.embed(drawbar, modelId, queries)
  for (const [i, query] of queries.entries()) {
    process.stdout.write(`${query}\n`)
    for (const { text, score } of nearest(requested[i] ?? [], facts, vectors, 5))
      process.stdout.write(`  ${score.toFixed(3)} ${text}\n`)
  }
} finally {
  await drawbar.close()
  await server.close()
  await platform.close()
}
