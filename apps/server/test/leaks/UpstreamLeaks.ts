import { answer, inHeader, responseThat } from "../EchoingPlatform.ts"
import { type Meet, platformDoes, typed } from "./LeakAttempts.ts"
import { json } from "./LeakServer.ts"

/** What an upstream echoes in errors and in responses that cannot be used. */
export const upstreamReasons = {
  UpstreamError: {
    "an error response": platformDoes(responseThat((it) => answer(json({ error: `bad key ${it}` }), 401))),
    "an error as text": platformDoes(
      responseThat((it) => answer(`stack: ${it}`, 500, { "content-type": "text/plain" })),
    ),
    "a page": platformDoes(responseThat((it) => answer(`<html>${it}</html>`, 502, { "content-type": "text/html" }))),
    "a redirect": platformDoes(responseThat((it) => answer("", 302, { location: inHeader(it) }))),
    throttling: platformDoes(responseThat((it) => answer(json({ message: it }), 429, { "retry-after": inHeader(it) }))),
    "a request id": platformDoes(responseThat((it) => answer("{}", 500, { "x-request-id": inHeader(it) }))),
    "an error type": platformDoes(
      responseThat((it) =>
        answer("", 400, { "x-amzn-errortype": `ThrottlingException:${inHeader(it)}`, "cf-ray": inHeader(it) }),
      ),
    ),
    "of a typed input": typed("text_embedding", (text) => ({ text_docs: [text, "b"] })),
    "in a nested JSON": platformDoes(responseThat((it) => answer(json({ error: json({ inner: json({ it }) }) }), 500))),
    "in UTF-16": platformDoes(
      responseThat((it) =>
        answer(Buffer.from(json({ it }), "utf16le"), 500, { "content-type": "text/plain; charset=utf-16le" }),
      ),
    ),
  },
  InvalidUpstreamResponse: {
    "half of a JSON": platformDoes(responseThat((it) => answer(`{"a":"${it}`))),
    "a page as success": platformDoes(
      responseThat((it) => answer(`<html>${it}</html>`, 200, { "content-type": "text/html" })),
    ),
    "a filter without matches": platformDoes(
      responseThat((it) => answer(json({ it }))),
      "filtered",
      {},
      { parameters: { response_filter: "$.nothing.there" } },
    ),
    "a script that fails": platformDoes(
      responseThat((it) => answer(json({ it }))),
      "script",
      { post_process_function: "return Integer.parseInt(params.it).toString();" },
    ),
    "a processor without matches": platformDoes(
      responseThat((it) => answer(json({ it }))),
      "processor",
      { post_process_function: "connector.post_process.openai.embedding" },
    ),
  },
} satisfies Record<string, Readonly<Record<string, Meet>>>
