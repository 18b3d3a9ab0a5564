/**
 * A URL that requests may be sent to. It is parsed once, so that the checked URL and the requested URL cannot differ.
 */
import { Result } from "effect"
import { EgressError, InvalidOutboundRequest, NotTrusted, PrivateAddress } from "./EgressError.ts"
import type { Policy } from "./EgressPolicy.ts"
import * as Origin from "./Origin.ts"
import * as TrustedEndpoints from "./TrustedEndpoints.ts"
import * as TrustedHosts from "./TrustedHosts.ts"

export interface Destination extends Origin.Origin {
  /** Path and query, byte for byte as given. */
  readonly path: string
  /** Fails if the operator's list of private endpoints does not allow private addresses for this URL. */
  readonly inside: Result.Result<void, EgressError>
}

/**
 * Checks an absolute URL against the policy. The host is not resolved here: its addresses are checked when a connection
 * is opened.
 */
export const make = (url: string, policy: Policy): Result.Result<Destination, EgressError> =>
  Result.gen(function* () {
    const parsed = yield* Origin.parse(url)
    // A fragment is never sent, so it must not affect whether the URL is trusted.
    parsed.hash = ""
    const origin = yield* Origin.ofUrl(parsed)
    const path = pathOf(url)
    // The URL parser removes such a segment: the list would be compared with a path other than the one that is sent.
    if (hasDotSegment(path))
      return yield* Result.fail(
        EgressError.from(new InvalidOutboundRequest({ problem: "its path has a segment `.` or `..`" })),
      )
    if (policy.trustedHosts.has(origin.origin)) return { ...origin, path, inside: Result.void }
    yield* listed(parsed, origin, "endpoints", policy.trustedEndpoints)
    const { trustedPrivateEndpoints } = policy
    const inside =
      trustedPrivateEndpoints.entries.length === 0
        ? Result.void
        : listed(parsed, origin, "private endpoints", trustedPrivateEndpoints)
    return { ...origin, path, inside }
  })

const listed = (
  url: URL,
  { origin, host }: Origin.Origin,
  list: NotTrusted["list"],
  trusted: TrustedEndpoints.TrustedEndpoints,
): Result.Result<void, EgressError> => {
  if (trusted.matches(url)) return Result.void
  // The setting does not help here, so it is not named.
  if (TrustedHosts.isReserved(host))
    return Result.fail(EgressError.from(new PrivateAddress({ origin, host, address: host, permittable: false })))
  const nearest = TrustedEndpoints.nearest(trusted, url)
  return Result.fail(
    EgressError.from(
      new NotTrusted({ url: `${origin}${url.pathname}`, origin, list, isEmpty: trusted.entries.length === 0, nearest }),
    ),
  )
}

/** A segment `.` or `..`, encoded or not, before the query. */
const hasDotSegment = (pathAndQuery: string): boolean => /^[^?]*\/(?:\.|%2e){1,2}(?:[/?]|$)/i.test(pathAndQuery)

const pathOf = (url: string): string => {
  const [, rest = ""] = /^https?:\/\/[^/?#]+([^#]*)/i.exec(url) ?? []
  return rest.startsWith("/") ? rest : `/${rest}`
}
