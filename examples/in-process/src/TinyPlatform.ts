/** A minimal model provider: `POST /embed` returns the number of vowels and letters of each text. */
import { createServer } from "node:http"
import { text as textOf } from "node:stream/consumers"

export interface TinyPlatform {
  /** Such as `http://127.0.0.1:40123`. */
  readonly url: string
  readonly close: () => void
}

export const start = async (): Promise<TinyPlatform> => {
  const server = createServer(async (request, response) => {
    const { input }: { readonly input: ReadonlyArray<string> } = JSON.parse(await textOf(request))
    const data = input.map((text) => ({ embedding: [count(text, /[aeiou]/gi), count(text, /[a-z]/gi)] }))
    response.setHeader("content-type", "application/json").end(JSON.stringify({ data }))
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  const port = typeof address === "object" ? address?.port : undefined
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() }
}

const count = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0
