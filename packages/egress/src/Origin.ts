/** Scheme, host and port: what a connector and its credential are bound to. */
import { Result } from "effect"
import { BlockedPort, EgressError, InvalidOutboundRequest, UnsupportedScheme, UserInfoInUrl } from "./EgressError.ts"
import * as BlockedPorts from "./internal/BlockedPorts.ts"

export interface Origin {
  /** The canonical form: `https://api.openai.com`. */
  readonly origin: string
  /** Host and port as in a Host header, without a default port. */
  readonly authority: string
  readonly secure: boolean
  /** The host as the URL parser writes it; an IPv6 address without its brackets. */
  readonly host: string
  readonly port: number
}

/** The origin of an absolute URL that can be sent without changes. */
export const of = (url: string): Result.Result<Origin, EgressError> => Result.flatMap(parse(url), ofUrl)

export const ofUrl = (url: URL): Result.Result<Origin, EgressError> => {
  const secure = url.protocol === "https:"
  const port = url.port === "" ? (secure ? 443 : 80) : Number(url.port)
  if (BlockedPorts.has(port)) return Result.fail(EgressError.from(new BlockedPort({ port })))
  const host = url.hostname.replaceAll(/^\[|\]$/g, "")
  return Result.succeed({ origin: url.origin, authority: url.host, secure, host, port })
}

/** https://www.rfc-editor.org/rfc/rfc1035#section-3.1, including a dot at the end. */
const maxNameLength = 254

/**
 * Parses a URL strictly. The URL parser corrects tabs, backslashes and missing slashes; a URL that needs correction is
 * rejected.
 */
export const parse = (url: string): Result.Result<URL, EgressError> => {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase()
  if (scheme !== undefined && scheme !== "http" && scheme !== "https")
    return Result.fail(EgressError.from(new UnsupportedScheme({ scheme })))
  const authority = /^https?:\/\/([^/?#]+)/i.exec(url)?.[1]
  if (authority === undefined || !/^[\x21-\x5b\x5d-\x7e]+$/.test(url) || !URL.canParse(url))
    return Result.fail(
      EgressError.from(
        new InvalidOutboundRequest({
          problem: "its URL is not absolute, or has a character that must be percent-encoded",
        }),
      ),
    )
  const parsed = new URL(url)
  if (parsed.hostname.length > maxNameLength)
    return Result.fail(
      EgressError.from(new InvalidOutboundRequest({ problem: `its host is longer than ${maxNameLength} characters` })),
    )
  return authority.includes("@")
    ? Result.fail(EgressError.from(new UserInfoInUrl({ host: parsed.host })))
    : Result.succeed(parsed)
}
