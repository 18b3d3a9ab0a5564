/** Providers on loopback that answer as a test says, and models that route to them. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { assert } from "vitest"
import { ask } from "./AuthenticatedServer.ts"

export interface Provider extends AsyncDisposable {
  readonly port: number
  /** How many calls came; a look whether it is there is none. */
  readonly calls: () => number
  answer: (request: IncomingMessage, response: ServerResponse, body: string) => void
  /** Stops listening, until `start`. */
  readonly stop: () => Promise<void>
  readonly start: () => Promise<void>
}

export const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Provider["answer"] =>
  (_, response) =>
    void response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body))

/** An answer that names its provider. */
export const well = (name: string) => json(200, { from: name })

export const provider = async (answer: Provider["answer"]): Promise<Provider> => {
  let calls = 0
  const make = () =>
    createServer((request, response) => {
      if (request.method !== "POST") return void response.writeHead(404).end()
      calls++
      const chunks: Array<Buffer> = []
      request.on("data", (chunk) => chunks.push(chunk))
      request.on("end", () => made.answer(request, response, Buffer.concat(chunks).toString()))
    })
  let server = make()
  const listen = (at: number) => new Promise<void>((resume) => server.listen(at, "127.0.0.1", resume))
  await listen(0)
  const { port } = server.address() as AddressInfo
  const stop = () => {
    server.closeAllConnections()
    return new Promise<void>((resume) => void server.close(() => resume()))
  }
  const made: Provider = {
    port,
    calls: () => calls,
    answer,
    stop,
    start: () => {
      server = make()
      return listen(port)
    },
    [Symbol.asyncDispose]: stop,
  }
  return made
}

export const ml = "/_plugins/_ml"

type Ask = (method: string, path: string, body?: unknown) => ReturnType<typeof ask>

export const connector = async (to: Ask, port: number, more: object = {}): Promise<string> => {
  const made = await to("POST", `${ml}/connectors/_create`, {
    name: `c${port}`,
    version: 1,
    protocol: "http",
    actions: [
      {
        action_type: "predict",
        method: "POST",
        url: `http://127.0.0.1:${port}/v1`,
        request_body: '{"q":"${parameters.q}"}',
      },
    ],
    ...more,
  })
  assert.strictEqual(made.status, 200, made.text)
  return made.json.connector_id
}

export const model = async (to: Ask, fields: object): Promise<string> => {
  const made = await to("POST", `${ml}/models/_register`, { name: "m", function_name: "remote", ...fields })
  assert.strictEqual(made.status, 200, made.text)
  return made.json.model_id
}

/** Who answered a predict. */
export const from = (answered: Awaited<ReturnType<typeof ask>>): string =>
  answered.json?.inference_results?.[0]?.output[0]?.dataAsMap?.from ?? `${answered.status} ${answered.text}`
