import { answer, inHeader, says } from "../EchoingPlatform.ts"
import { type Meet, platformDoes, typed } from "./LeakAttempts.ts"
import { json } from "./LeakServer.ts"

/** What a provider says back, in refusals and in responses that cannot be used. */
export const upstreamReasons = {
  UpstreamError: {
    "a refusal": platformDoes(says((it) => answer(json({ error: `bad key ${it}` }), 401))),
    "a failure in words": platformDoes(says((it) => answer(`stack: ${it}`, 500, { "content-type": "text/plain" }))),
    "a page": platformDoes(says((it) => answer(`<html>${it}</html>`, 502, { "content-type": "text/html" }))),
    "a redirect": platformDoes(says((it) => answer("", 302, { location: inHeader(it) }))),
    "a throttling": platformDoes(says((it) => answer(json({ message: it }), 429, { "retry-after": inHeader(it) }))),
    "its request's id": platformDoes(says((it) => answer("{}", 500, { "x-request-id": inHeader(it) }))),
    "its error's type": platformDoes(
      says((it) =>
        answer("", 400, { "x-amzn-errortype": `ThrottlingException:${inHeader(it)}`, "cf-ray": inHeader(it) }),
      ),
    ),
    "of a typed input": typed("text_embedding", (text) => ({ text_docs: [text, "b"] })),
    "in a nested JSON": platformDoes(says((it) => answer(json({ error: json({ inner: json({ it }) }) }), 500))),
    "in UTF-16": platformDoes(
      says((it) =>
        answer(Buffer.from(json({ it }), "utf16le"), 500, { "content-type": "text/plain; charset=utf-16le" }),
      ),
    ),
  },
  InvalidUpstreamResponse: {
    "half of a JSON": platformDoes(says((it) => answer(`{"a":"${it}`))),
    "a page as success": platformDoes(says((it) => answer(`<html>${it}</html>`, 200, { "content-type": "text/html" }))),
    "a filter that finds nothing": platformDoes(
      says((it) => answer(json({ it }))),
      "filtered",
      {},
      { parameters: { response_filter: "$.nothing.there" } },
    ),
    "a script that fails": platformDoes(
      says((it) => answer(json({ it }))),
      "script",
      { post_process_function: "return Integer.parseInt(params.it).toString();" },
    ),
    "a processor that finds nothing": platformDoes(
      says((it) => answer(json({ it }))),
      "processor",
      { post_process_function: "connector.post_process.openai.embedding" },
    ),
  },
} satisfies Record<string, Readonly<Record<string, Meet>>>
