import { Result } from "effect"
import type { Request } from "../SigV4.ts"
import {
  AlreadySigned,
  type Reason,
  UnsendableHeader,
  UnsendableMethod,
  UnsendableUrl,
  UnsignableBody,
} from "../SigV4Error.ts"
import * as Sha256 from "./Sha256.ts"

/** A request taken apart as the signer wants it: names in lower case, the path as it is sent, the query decoded. */
export interface SignableRequest {
  readonly method: string
  readonly protocol: string
  readonly hostname: string
  readonly path: string
  readonly query: Record<string, Array<string>>
  readonly headers: Record<string, string>
  readonly body: string | Uint8Array
}

export interface Signable {
  readonly request: SignableRequest
  /** The URL to send: what was signed is this text and no other, so it is never written again. */
  readonly url: string
}

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const fieldValue = /^[\t\x20-\x7e]*$/
const sendableUrl = /^(https?:\/\/[^/?#\\]+)([^?#\\]*)(\?[^#]*)?/i
const uriCharacters = /^[\x21-\x7e]*$/
const signatureParameters =
  /^x-amz-(algorithm|credential|date|expires|signature|signedheaders|security-token|content-sha256)$/i

/** A form's plus sign is a space, and AWS reads the query as a form. `undefined` where the text is not UTF-8, percent-encoded. */
const decode = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text.replaceAll("+", " "))
  } catch {
    return undefined
  }
}

const readQuery = (search: string): Result.Result<Record<string, Array<string>>, Reason> => {
  const query = new Map<string, Array<string>>()
  for (const part of search.slice(1).split("&")) {
    if (part === "") continue
    const [name = "", ...rest] = part.split("=")
    const [key, value] = [decode(name), decode(rest.join("="))]
    if (key === undefined || value === undefined) {
      return Result.fail(new UnsendableUrl({ problem: "has a query that is not percent-encoded UTF-8" }))
    }
    if (signatureParameters.test(key)) return Result.fail(new AlreadySigned({ parameter: key }))
    query.set(key, [...(query.get(key) ?? []), value])
  }
  return Result.succeed(Object.fromEntries(query))
}

/** RFC 9110 section 5.3: repeated fields are one field, its values joined by commas in their order. */
const joinHeaders = (headers: Request["headers"]): Result.Result<Map<string, string>, Reason> => {
  const joined = new Map<string, string>()
  for (const [name, value] of Symbol.iterator in headers ? headers : Object.entries(headers)) {
    if (!token.test(name) || !fieldValue.test(value)) return Result.fail(new UnsendableHeader({ header: name }))
    const key = name.toLowerCase()
    const before = joined.get(key)
    joined.set(key, before === undefined ? value.trim() : `${before},${value.trim()}`)
  }
  return Result.succeed(joined)
}

/** Takes a request apart, or says why what would be signed is not what would be sent. */
export const make = (request: Request, checksum: boolean): Result.Result<Signable, Reason> => {
  const { method, body = "" } = request
  if (!token.test(method)) return Result.fail(new UnsendableMethod())
  if (typeof body !== "string" && !(body instanceof Uint8Array)) return Result.fail(new UnsignableBody())

  const text = String(request.url)
  const [, origin = "", path = "", search = ""] = (uriCharacters.test(text) && sendableUrl.exec(text)) || []
  if (!URL.canParse(origin)) {
    return Result.fail(new UnsendableUrl({ problem: "is not an http or https URL of printable ASCII without spaces" }))
  }
  const { protocol, host, hostname } = new URL(origin)

  return Result.gen(function* () {
    const query = yield* readQuery(search)
    const headers = yield* joinHeaders(request.headers)
    // A blueprint writes `x-amz-content-sha256: required`: the word asks for the header, it is never its value.
    if (checksum || headers.has("x-amz-content-sha256")) headers.set("x-amz-content-sha256", Sha256.hex(body))
    headers.set("host", host)
    return {
      request: { method, protocol, hostname, path: path || "/", query, headers: Object.fromEntries(headers), body },
      url: `${protocol}//${host}${path || "/"}${search}`,
    }
  })
}
