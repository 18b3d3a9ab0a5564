/**
 * A model provider on loopback with OpenAI's `GET /v1/models` and `POST /v1/embeddings`.
 *
 * Source: https://platform.openai.com/docs/api-reference/embeddings
 */
import { createHash, timingSafeEqual } from "node:crypto"
import { createServer, type IncomingMessage } from "node:http"
import { ApiError, badKey, badRequest, type ErrorBody } from "./ApiError.ts"
import * as EmbeddingsRequest from "./EmbeddingsRequest.ts"
import * as SentenceModel from "./SentenceModel.ts"

export interface Options {
  /** What a client must send as `Authorization: Bearer <key>`. */
  readonly key: string
  /** 0, the default, selects a free port. */
  readonly port?: number
}

export interface LocalPlatform {
  /** Such as `http://127.0.0.1:8089`. */
  readonly url: string
  readonly close: () => Promise<void>
}

const maxBodyBytes = 8 * 1024 * 1024

/** Loads the model and listens on 127.0.0.1. */
export const start = async ({ key, port = 0 }: Options): Promise<LocalPlatform> => {
  const model = await SentenceModel.load()
  const server = createServer(async (request, response) => {
    const { status, body } = await answer(request, key, model).then((body) => ({ status: 200, body }), toError)
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body))
  })
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve))
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("The server has no port.")
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)))
        server.closeAllConnections()
      }),
  }
}

const answer = async (request: IncomingMessage, key: string, model: SentenceModel.SentenceModel): Promise<object> => {
  authorise(request, key)
  switch (`${request.method} ${request.url}`) {
    case "GET /v1/models":
      return models
    case "POST /v1/embeddings":
      return embeddings(EmbeddingsRequest.decode(await read(request)), model)
    default:
      throw new ApiError(404, {
        message: `Unknown request URL: ${request.method} ${request.url}.`,
        type: "invalid_request_error",
        param: null,
        code: "unknown_url",
      })
  }
}

const models = { object: "list", data: [{ id: SentenceModel.name, object: "model", created: 0, owned_by: "local" }] }

const embeddings = async (request: EmbeddingsRequest.EmbeddingsRequest, model: SentenceModel.SentenceModel) => {
  const { vectors, tokens } = await model.embed(request.input)
  const total = tokens.reduce((sum, count) => sum + count, 0)
  return {
    object: "list",
    data: vectors.map((vector, index) => ({
      object: "embedding",
      index,
      embedding: request.encoding === "float" ? vector : base64(vector),
    })),
    model: SentenceModel.name,
    usage: { prompt_tokens: total, total_tokens: total },
  }
}

/** Numbers in OpenAI's packed form: IEEE 754 single precision, little-endian. */
const base64 = (vector: ReadonlyArray<number>): string => {
  const bytes = Buffer.alloc(vector.length * 4)
  vector.forEach((number, i) => bytes.writeFloatLE(number, i * 4))
  return bytes.toString("base64")
}

// Digests have a fixed length, so the duration of the comparison reveals nothing about the key.
const authorise = (request: IncomingMessage, key: string): void => {
  const sent = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1]
  if (sent === undefined) throw badKey("You didn't provide an API key. Send it as 'Authorization: Bearer YOUR_KEY'.")
  if (!timingSafeEqual(sha256(sent), sha256(key))) throw badKey("Incorrect API key provided.")
}

const sha256 = (text: string) => createHash("sha256").update(text).digest()

const read = async (request: IncomingMessage): Promise<string> => {
  const chunks: Array<Buffer> = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size > maxBodyBytes) throw badRequest(`The body is larger than ${maxBodyBytes} bytes.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString("utf8")
}

const toError = (cause: unknown): { readonly status: number; readonly body: { readonly error: ErrorBody } } =>
  cause instanceof ApiError
    ? { status: cause.status, body: { error: cause.body } }
    : { status: 500, body: { error: { message: "The model failed.", type: "server_error", param: null, code: null } } }
