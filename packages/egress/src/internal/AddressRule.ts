/** Whether a connection to a host's addresses is allowed. */
import { Result } from "effect"
import { EgressError, PrivateAddress, RestrictedAddress } from "../EgressError.ts"
import type { Policy } from "../EgressPolicy.ts"
import * as IpAddress from "../IpAddress.ts"
import type { Origin } from "../Origin.ts"
import type { Resolution } from "../Resolver.ts"

/**
 * Succeeds with whether one of them is private. One forbidden address rejects the host, because the DNS response cannot
 * be trusted.
 */
export const check = (
  { origin, host }: Pick<Origin, "origin" | "host">,
  { addresses, trusted }: Resolution,
  { privateAddresses, restrictedAddresses, trustedHosts }: Policy,
): Result.Result<boolean, EgressError> => {
  if (trusted) return Result.succeed(false)

  const restricted = addresses.find((address) =>
    restrictedAddresses.some((pattern) => pattern.testExact(IpAddress.plain(address))),
  )
  if (restricted !== undefined)
    return Result.fail(EgressError.from(new RestrictedAddress({ host, address: restricted })))

  const reaches = addresses.map((address) => ({ address, reach: IpAddress.reach(address) }))
  const opensPrivate =
    privateAddresses ||
    trustedHosts.opensPrivate(
      origin,
      reaches.map(({ reach }) => reach),
    )
  const refused =
    reaches.find(({ reach }) => reach === "forbidden") ??
    reaches.find(({ reach }) => reach === "private" && !opensPrivate)
  if (refused !== undefined)
    return Result.fail(
      EgressError.from(
        new PrivateAddress({ origin, host, address: refused.address, permittable: refused.reach === "private" }),
      ),
    )
  return Result.succeed(reaches.some(({ reach }) => reach === "private"))
}
