/**
 * Holds back who guesses passwords: after a few wrong ones in a row a name has to wait, longer each time.
 * Source: https://cheatsheetseries.owasp.org/cheatsheets/Authentication_Cheat_Sheet.html#login-throttling
 */
import { createHash } from "node:crypto"
import { BoundedMap } from "@drawbar/bounded-map/BoundedMap"

export interface LoginThrottle {
  /** In ms: how long it is until a password of this name is looked at again; nothing where it is at once. `now` is in ms. */
  readonly wait: (name: string, now: number) => number | undefined
  readonly wrong: (name: string, now: number) => void
  readonly right: (name: string) => void
}

interface Guessed {
  readonly times: number
  readonly at: number
}

/** So many typing errors cost nothing. */
const free = 5

/** In ms: the first wait, the longest, and how soon all is forgotten. */
const shortest = 1_000
const longest = 60_000
/** In ms. */
export const forgottenMillis = 900_000

/** Names are made up, too: those that were guessed at first leave first. Each is kept as 43 characters, however long it is. */
const maxGuessed = { entries: 10_000, bytes: 5_000_000 }

export const make = (): LoginThrottle => {
  const guessed = new BoundedMap<Guessed>(maxGuessed)
  const of = (print: string, now: number) => {
    const found = guessed.get(print)
    if (found === undefined || now - found.at >= forgottenMillis) return undefined
    if (found.at <= now) return found
    // A clock that was set back begins the wait again, and does not make it longer.
    const moved = { ...found, at: now }
    guessed.set(print, moved)
    return moved
  }
  return {
    wait: (name, now) => {
      const found = of(printOf(name), now)
      return found === undefined ? undefined : waitOf(found, now)
    },
    wrong: (name, now) => {
      const print = printOf(name)
      const times = (of(print, now)?.times ?? 0) + 1
      guessed.set(print, { times, at: now })
    },
    right: (name) => void guessed.delete(printOf(name)),
  }
}

/** In ms: the wait after so many wrong passwords, the last one `at` this time. */
export const waitOf = ({ times, at }: Guessed, now: number): number | undefined => {
  if (times < free || now - at >= forgottenMillis) return undefined
  const until = at + Math.min(longest, shortest * 2 ** (times - free))
  return until > now ? until - now : undefined
}

const printOf = (name: string) => createHash("sha256").update(name).digest("base64url")
