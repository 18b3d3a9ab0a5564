/** The shares of the processor by principal, as long as something of them is under way: by name where callers authenticate, else by address. */
import type { IncomingMessage } from "node:http"
import type { Share } from "@drawbar/egress/Share"
import { make as makeShare } from "@drawbar/egress/Share"
import type { CurrentPrincipal } from "@drawbar/registry/access/CurrentPrincipal"

export interface Shares {
  /** The share that a request belongs to, with one more under way. */
  readonly enter: (key: string) => Share
  /** One less is under way; call it once. */
  readonly leave: (key: string) => void
  /** How many principals have something under way. */
  readonly count: () => number
}

/** Bounded by what is under way: a share is dropped with the last request of its principal. */
export const make = (): Shares => {
  const shares = new Map<string, Share>()
  return {
    enter: (key) => {
      let share = shares.get(key)
      if (share === undefined) shares.set(key, (share = makeShare()))
      share.underWay += 1
      return share
    },
    leave: (key) => {
      const share = shares.get(key)
      if (share === undefined) return
      share.underWay -= 1
      if (share.underWay === 0) shares.delete(key)
    },
    count: () => shares.size,
  }
}

/** An API key, a user or a token by itself; an unauthenticated caller by its address, for what a proxy in front sends together. */
export const keyOf = (principal: CurrentPrincipal | undefined, { socket }: Pick<IncomingMessage, "socket">): string =>
  principal === undefined
    ? networkOf(socket.remoteAddress ?? "")
    : `${principal.kind} ${principal.id ?? principal.name}`

/**
 * An IPv4 address as it is; of an IPv6 address the first 64 bits, as one host may have all of the rest.
 * Source: https://www.rfc-editor.org/rfc/rfc4291#section-2.5.1
 */
export const networkOf = (address: string): string => {
  if (!address.includes(":")) return address
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  const [head = "", tail] = address.replace(/%.*$/, "").split("::")
  const groups = head === "" ? [] : head.split(":")
  const last = tail === undefined || tail === "" ? [] : tail.split(":")
  const all =
    tail === undefined
      ? groups
      : [...groups, ...Array<string>(Math.max(0, 8 - groups.length - last.length)).fill("0"), ...last]
  return `${all.slice(0, 4).join(":")}::/64`
}
