/** A URL that may leave: read once, so that what is checked and what is sent cannot differ. */
import { Result } from "effect"
import { BadPort, BadScheme, BadUrl, because, type EgressError, NotTrusted, UserInfo } from "./EgressError.ts"
import type { Policy } from "./EgressPolicy.ts"
import * as BlockedPort from "./internal/BlockedPort.ts"
import * as TrustedEndpoints from "./TrustedEndpoints.ts"

export interface Destination {
  /** Scheme, host and port in their one spelling: `https://api.openai.com`. */
  readonly origin: string
  readonly secure: boolean
  /** The host as the URL parser writes it; an IPv6 address without its brackets. */
  readonly host: string
  readonly port: number
  /** Path and query, to the byte as they were given. */
  readonly path: string
  /** Fails where the operator's list of private endpoints keeps it from private addresses. */
  readonly inside: Result.Result<void, EgressError>
}

/** Reads an absolute URL and holds it against the policy. The addresses of its host are checked when it is connected. */
export const make = (url: string, policy: Policy): Result.Result<Destination, EgressError> =>
  Result.gen(function* () {
    const parsed = yield* parse(url)
    const port = yield* portOf(parsed)
    yield* listed(parsed, "endpoints", policy.trustedEndpoints)
    return {
      origin: parsed.origin,
      secure: parsed.protocol === "https:",
      host: parsed.hostname.replaceAll(/^\[|\]$/g, ""),
      port,
      path: pathOf(url),
      inside:
        policy.trustedPrivateEndpoints.entries.length === 0
          ? Result.void
          : listed(parsed, "private endpoints", policy.trustedPrivateEndpoints),
    }
  })

const parse = (url: string): Result.Result<URL, EgressError> => {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase()
  if (scheme !== undefined && scheme !== "http" && scheme !== "https")
    return Result.fail(because(new BadScheme({ scheme })))
  // The parser forgives much (tabs, back slashes, missing slashes); what it would mend is refused instead.
  const authority = /^https?:\/\/([^/?#]+)/i.exec(url)?.[1]
  if (authority === undefined || !/^[\x21-\x5b\x5d-\x7e]+$/.test(url) || !URL.canParse(url))
    return Result.fail(because(new BadUrl({ problem: "is not absolute, or has a character that must be percent-encoded" })))
  const parsed = new URL(url)
  if (authority.includes("@")) return Result.fail(because(new UserInfo({ host: parsed.host })))
  // A fragment is never sent, so it must not decide who is trusted.
  parsed.hash = ""
  return Result.succeed(parsed)
}

const portOf = ({ port, protocol }: URL): Result.Result<number, EgressError> => {
  const number = port === "" ? (protocol === "https:" ? 443 : 80) : Number(port)
  return BlockedPort.has(number) ? Result.fail(because(new BadPort({ port: number }))) : Result.succeed(number)
}

const listed = (
  url: URL,
  list: NotTrusted["list"],
  trusted: TrustedEndpoints.TrustedEndpoints,
): Result.Result<void, EgressError> =>
  trusted.matches(url)
    ? Result.void
    : Result.fail(
        because(
          new NotTrusted({
            url: `${url.origin}${url.pathname}`,
            list,
            nearest: TrustedEndpoints.nearest(trusted, url),
          }),
        ),
      )

const pathOf = (url: string): string => {
  const [, rest = ""] = /^https?:\/\/[^/?#]+([^#]*)/i.exec(url) ?? []
  return rest.startsWith("/") ? rest : `/${rest}`
}
