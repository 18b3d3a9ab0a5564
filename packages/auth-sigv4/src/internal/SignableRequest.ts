import { Result } from "effect"
import {
  AlreadySigned,
  type Reason,
  UnsendableHeader,
  UnsendableMethod,
  UnsendableUrl,
  UnsignableBody,
} from "../SigV4Error.ts"
import * as Sha256 from "./Sha256.ts"

/**
 * The request to sign. A URL given as text is signed and sent unchanged, so it must already be percent-encoded; a `URL`
 * is sent as it serialises. Pairs allow repeated headers.
 */
export interface Request {
  readonly method: string
  readonly url: string | URL
  readonly headers: Readonly<Record<string, string>> | Iterable<readonly [name: string, value: string]>
  readonly body?: string | Uint8Array | undefined
}

/** Service-specific signing rules. */
export interface SigningOptions {
  readonly path: "normalised" | "verbatim"
  readonly checksum: boolean
}

/** A request in the signer's form: names in lower case, the path encoded, the query decoded. */
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
  /** The URL to send: exactly this text was signed, so it must not be serialised again. */
  readonly url: string
}

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const fieldValue = /^[\t\x20-\x7e]*$/
const httpUrl = /^(https?:\/\/[^/?#\\]+)([^?#\\]*)(\?[^#]*)?/i
const uriCharacters = /^[\x21-\x7e]*$/
const signatureParameters = /^x-amz-(algorithm|credential|date|expires|signature|signedheaders|security-token)$/i

const decode = (text: string): Result.Result<string, Reason> =>
  Result.try({
    try: () => decodeURIComponent(text),
    catch: () => new UnsendableUrl({ problem: "contains bytes that are not percent-encoded UTF-8" }),
  })

const encode = (text: string): string =>
  encodeURIComponent(text).replaceAll(/[!'()*]/g, (character) =>
    `%${character.charCodeAt(0).toString(16)}`.toUpperCase(),
  )

/**
 * A URL may contain `:` or `%3A`, but the canonical path has only one form. If the path is normalised, the signer
 * encodes the sent form once more; if not, each segment is rewritten here in AWS's form.
 */
const readPath = (path: string, habit: SigningOptions["path"]): Result.Result<string, Reason> =>
  habit === "normalised"
    ? Result.succeed(path)
    : Result.map(Result.all(path.split("/").map(decode)), (segments) => segments.map(encode).join("/"))

/** In a form a plus sign is a space, and AWS parses the query as a form. */
const decodeParameter = (text: string) => decode(text.replaceAll("+", " "))

const readQuery = (search: string): Result.Result<Record<string, Array<string>>, Reason> =>
  Result.gen(function* () {
    const query = new Map<string, Array<string>>()
    const parts = search.slice(1).split("&")
    for (const part of parts.filter((text) => text !== "")) {
      const [name = "", ...rest] = part.split("=")
      const key = yield* decodeParameter(name)
      const value = yield* decodeParameter(rest.join("="))
      if (signatureParameters.test(key)) return yield* Result.fail(new AlreadySigned({ parameter: key }))
      query.set(key, [...(query.get(key) ?? []), value])
    }
    return Object.fromEntries(query)
  })

/** RFC 9110 section 5.3: repeated fields are one field, with its values joined by commas in order. */
const joinHeaders = (headers: Request["headers"]): Result.Result<Map<string, string>, Reason> => {
  const joined = new Map<string, string>()
  for (const [name, value] of Symbol.iterator in headers ? headers : Object.entries(headers)) {
    if (!token.test(name) || !fieldValue.test(value)) {
      // If a whole header was pasted in place of its name, the name would contain a secret.
      return Result.fail(new UnsendableHeader({ header: name.split(/[^\w-]/, 1).join() }))
    }
    const key = name.toLowerCase()
    const before = joined.get(key)
    joined.set(key, before === undefined ? value.trim() : `${before},${value.trim()}`)
  }
  return Result.succeed(joined)
}

const readUrl = (url: string, options: SigningOptions) =>
  Result.gen(function* () {
    const [, origin = "", path = "", search = ""] = (uriCharacters.test(url) && httpUrl.exec(url)) || []
    if (!URL.canParse(origin)) {
      return yield* Result.fail(
        new UnsendableUrl({ problem: "is not http or https in printable ASCII without spaces" }),
      )
    }
    const { protocol, host, hostname } = new URL(origin)
    return {
      protocol,
      hostname,
      host,
      path: yield* readPath(path || "/", options.path),
      query: yield* readQuery(search),
      url: `${protocol}//${host}${path || "/"}${search}`,
    }
  })

/**
 * Prepares a request for signing, or explains why the request that is sent would differ from the one that is signed.
 */
export const make = (request: Request, options: SigningOptions): Result.Result<Signable, Reason> =>
  Result.gen(function* () {
    const { method, body = "" } = request
    if (!token.test(method)) return yield* Result.fail(new UnsendableMethod())
    if (typeof body !== "string" && !(body instanceof Uint8Array)) return yield* Result.fail(new UnsignableBody())

    const { url, host, ...target } = yield* readUrl(String(request.url), options)
    const headers = yield* joinHeaders(request.headers)
    headers.set("host", host)
    // Blueprints contain `x-amz-content-sha256: required`: the word requests the header and is never its value.
    if (options.checksum || headers.has("x-amz-content-sha256")) headers.set("x-amz-content-sha256", Sha256.hex(body))
    return { url, request: { ...target, method, headers: Object.fromEntries(headers), body } }
  })
