/** A small chat and embedding platform on this machine, of the shape of OpenAI's API, for trying Drawbar without a key. */
import { once } from "node:events"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import { setTimeout as sleep } from "node:timers/promises"
import * as Json from "@drawbar/json-text/Json"
import { Result } from "effect"
import * as DemoChat from "./DemoChat.ts"
import * as DemoEmbeddings from "./DemoEmbeddings.ts"
import { DemoFault } from "./DemoFault.ts"

export interface DemoPlatform {
  readonly port: number
  readonly close: () => Promise<void>
}

/** Listens on loopback only; a port of 0 is any free one. */
export const start = async (port: number): Promise<DemoPlatform> => {
  const server: Server = createServer((request, response) => {
    response.on("error", () => undefined)
    answer(request, response).catch((fault: unknown) => refuse(response, fault))
  })
  server.listen(port, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    close: async () => {
      const closed = once(server, "close")
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const path = new URL(request.url ?? "/", "http://demo").pathname
  if (request.method === "GET" && path === "/v1/models") return send(response, 200, models)
  const make = Object.hasOwn(routes, path) ? routes[path] : undefined
  if (make === undefined)
    throw new DemoFault(404, `The demo has POST ${Object.keys(routes).join(", POST ")} and GET /v1/models, not ${path}`)
  if (request.method !== "POST") throw new DemoFault(405, `Send a POST request to ${path}`)
  const parsed = Json.parse(await bodyOf(request))
  if (Result.isFailure(parsed) || !Json.isObject(parsed.success))
    throw new DemoFault(400, "The body must be a JSON object")
  await make(parsed.success, response)
}

const routes: Readonly<Record<string, (body: Json.JsonObject, response: ServerResponse) => Promise<void> | void>> = {
  "/v1/chat/completions": (body, response) => {
    const completion = DemoChat.complete(body)
    if (body["stream"] === true)
      return stream(response, DemoChat.chunks(completion, Object(body["stream_options"]).include_usage === true))
    const { id, created, model, message, finish_reason, usage } = completion
    const choices = [{ index: 0, message, finish_reason, logprobs: null }]
    return send(response, 200, { id, object: "chat.completion", created, model, choices, usage })
  },
  "/v1/embeddings": (body, response) => send(response, 200, DemoEmbeddings.embed(body)),
}

const models = {
  object: "list",
  data: [DemoChat.model, DemoEmbeddings.model].map((id) => ({ id, object: "model", created: 0, owned_by: "drawbar" })),
}

const maxBodyBytes = 1_000_000

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const parts: Array<Buffer> = []
  let bytes = 0
  for await (const part of request) {
    bytes += part.length
    if (bytes > maxBodyBytes) throw new DemoFault(413, `The body is larger than ${maxBodyBytes} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts).toString("utf8")
}

const send = (response: ServerResponse, status: number, body: object): void => {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body))
}

const pauseMillis = 10

/** With a pause between events, so that a person sees the text arrive. */
const stream = async (response: ServerResponse, events: ReadonlyArray<object>): Promise<void> => {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" })
  for (const event of events) {
    if (response.destroyed) return
    response.write(`data: ${JSON.stringify(event)}\n\n`)
    await sleep(pauseMillis)
  }
  response.end("data: [DONE]\n\n")
}

const refuse = (response: ServerResponse, fault: unknown): void => {
  if (response.headersSent) return void response.destroy()
  const { status, message, param } =
    fault instanceof DemoFault ? fault : { status: 500, message: "The demo failed", param: null }
  response.setHeader("connection", "close")
  const type = status < 500 ? "invalid_request_error" : "server_error"
  send(response, status, { error: { message, type, param, code: null } })
}
