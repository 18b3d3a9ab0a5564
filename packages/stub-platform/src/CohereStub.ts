import * as Answer from "./Answer.ts"
import * as StubEmbedding from "./StubEmbedding.ts"
import * as Received from "./Received.ts"

export interface Options {
  /** The accepted key; if absent, any bearer token is accepted. */
  readonly apiKey?: string
}

const refuse = (status: number, message: string) => Answer.json({ id: "stub", message }, status)

const bits = (vector: ReadonlyArray<number>) =>
  Array.from({ length: vector.length >> 3 }, (_, byte) =>
    vector.slice(byte * 8, byte * 8 + 8).reduce((packed, value) => (packed << 1) | Number(value > 0), 0),
  )

const quantise = {
  float: (vector: ReadonlyArray<number>) => vector,
  int8: (vector: ReadonlyArray<number>) => vector.map((value) => Math.round(value * 127)),
  uint8: (vector: ReadonlyArray<number>) => vector.map((value) => Math.round(value * 127) + 128),
  binary: (vector: ReadonlyArray<number>) => bits(vector).map((byte) => byte - 128),
  ubinary: bits,
} as const

/** https://docs.cohere.com/v1/reference/embed */
const embed = ({ texts: input, embedding_types: types }: Readonly<Record<string, unknown>>) => {
  const texts = StubEmbedding.texts(input)
  const vectors = texts.map((text) => StubEmbedding.of(text))
  const wanted = types === undefined ? [] : StubEmbedding.texts(types)
  const byType = Object.entries(quantise).filter(([type]) => wanted.includes(type))
  return {
    id: "stub",
    texts,
    embeddings:
      types === undefined ? vectors : Object.fromEntries(byType.map(([type, convert]) => [type, vectors.map(convert)])),
    meta: { api_version: { version: "1" }, billed_units: { input_tokens: StubEmbedding.tokens(texts) } },
    response_type: types === undefined ? "embeddings_floats" : "embeddings_by_type",
  }
}

/** Responds to `/v1/embed` like api.cohere.ai, in the documented format. */
export const handler =
  ({ apiKey }: Options = {}): Answer.Handler =>
  (received) => {
    const bearer = /^Bearer (.+)$/i.exec(Received.header(received, "authorization") ?? "")?.[1]
    if (bearer === undefined) return refuse(401, "no api key supplied")
    if (apiKey !== undefined && bearer !== apiKey) return refuse(401, "invalid api token")
    if (received.method !== "POST" || Received.path(received) !== "/v1/embed") return refuse(404, "endpoint not found")
    const body = Received.fields(received)
    return body === undefined ? refuse(400, "invalid request: could not parse JSON") : Answer.json(embed(body))
  }
