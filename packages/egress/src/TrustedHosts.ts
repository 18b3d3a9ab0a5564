/** The hosts that the operator trusts one by one: scheme, host and port, also where the addresses are private. */
import { isIP } from "node:net"
import { Data, Result } from "effect"
import * as IpAddress from "./IpAddress.ts"
import * as Origin from "./Origin.ts"

/** More entries than this are rejected. */
export const maxEntries = 1_000

/** An entry that is not an origin, or one that is never opened. */
export class InvalidTrustedHost extends Data.TaggedError("InvalidTrustedHost")<{
  readonly entry: string
  readonly problem: string
}> {
  override get message() {
    return `${this.entry.slice(0, 256)}: ${this.problem}`
  }
}

export interface TrustedHosts {
  /** As origins, in the form that `Origin` writes. */
  readonly origins: ReadonlyArray<string>
  readonly has: (origin: string) => boolean
  /**
   * Whether this entry opens private addresses. `reaches` are those of all addresses that its host resolved to now. An
   * entry that once had a public address keeps to public ones, so that the owner of a public name cannot turn it towards
   * this network (DNS rebinding).
   */
  readonly opensPrivate: (origin: string, reaches: ReadonlyArray<IpAddress.Reach>) => boolean
}

/** The origins that once had a public address. */
export interface PublicHosts {
  readonly has: (origin: string) => boolean
  readonly add: (origin: string) => void
}

/** An entry that is not an origin, or is reserved, is an error. `isPublic` is kept by who makes the next list of a changed setting. */
export const make = (
  entries: ReadonlyArray<string>,
  isPublic: PublicHosts = new Set<string>(),
): Result.Result<TrustedHosts, InvalidTrustedHost> =>
  Result.map(Result.all(entries.map(parse)), (origins) => {
    const listed = new Set(origins)
    return {
      origins,
      has: (origin) => listed.has(origin),
      opensPrivate: (origin, reaches) => {
        if (!listed.has(origin)) return false
        if (reaches.includes("public")) isPublic.add(origin)
        return !isPublic.has(origin)
      },
    }
  })

/** The origin that an entry stands for: `http://localhost:11434`. A slash at its end is accepted. */
export const parse = (entry: string): Result.Result<string, InvalidTrustedHost> => {
  const refused = (problem: string) => Result.fail(new InvalidTrustedHost({ entry, problem }))
  const origin = Origin.of(entry)
  if (Result.isFailure(origin)) return refused(`${origin.failure.message}. ${form}`)
  if (!/^https?:\/\/[^/?#*]+\/?$/i.test(entry)) return refused(`a trusted host has no path, query or wildcard. ${form}`)
  const { host } = origin.success
  return isReserved(host) ? refused(reserved) : Result.succeed(origin.success.origin)
}

const form = "Write scheme, host and port, such as http://localhost:11434"

/** Hosts that are metadata services wherever they exist. */
const metadataNames = new Set(["metadata", "metadata.google.internal", "metadata.goog", "instance-data"])

/** Whether a host is an address, or a name of one, that nothing opens. */
export const isReserved = (host: string): boolean =>
  metadataNames.has(host.replace(/\.$/, "")) || (isIP(host) > 0 && IpAddress.reach(host) === "forbidden")

/** Why a reserved address is refused. */
const reserved =
  "this address is reserved (link-local, metadata service, multicast or unassigned), and no setting allows it"
