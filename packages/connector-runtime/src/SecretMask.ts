/**
 * Takes a connector's secrets out of what its platform says: platforms repeat keys in their complaints, as they are or encoded.
 * What is taken out reads `***`.
 */
import type { Credential } from "@drawbar/blueprint-schema/Credential"
import { Redacted } from "effect"

export interface SecretMask {
  /** The text without any of the secrets; the same text where it has none. */
  readonly apply: (text: string) => string
  /** Adds a secret that came later, such as a token; of these the last few are remembered. */
  readonly learn: (secret: string) => void
}

/** For an answer that no secret went out for. */
export const none: SecretMask = { apply: (text) => text, learn: () => {} }

/** Shorter ones are words that any text may hold. */
const shortest = 6

export const make = (credential: Credential): SecretMask => {
  const own = Object.values(credential).map((secret) => Redacted.value(secret))
  let learnt: ReadonlyArray<string> = []
  let needles = needlesOf(own)
  return {
    learn: (secret) => {
      if (learnt.includes(secret)) return
      learnt = [...learnt, secret].slice(-remembered)
      needles = needlesOf([...own, ...learnt])
    },
    apply: (text) =>
      needles.reduce((clean, needle) => (clean.includes(needle) ? clean.replaceAll(needle, "***") : clean), text),
  }
}

/** A token that was replaced may still be in an answer that is on its way. */
const remembered = 4

// The longest first: one secret may be a part of another.
const needlesOf = (secrets: ReadonlyArray<string>): ReadonlyArray<string> =>
  [...new Set(secrets.filter((secret) => secret.length >= shortest).flatMap(spellingsOf))].toSorted(
    (a, b) => b.length - a.length,
  )

const spellingsOf = (secret: string): ReadonlyArray<string> => {
  const bytes = Buffer.from(secret, "utf8")
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    bytes.toString("hex"),
    bytes.toString("hex").toUpperCase(),
    escaped(secret),
    escaped(secret).toUpperCase().replaceAll("\\U", "\\u"),
    ...base64(bytes),
    ...base64(bytes).map((text) => text.replaceAll("+", "-").replaceAll("/", "_")),
  ]
}

/** As JSON may spell every character. */
const escaped = (secret: string): string =>
  [...Array(secret.length).keys()].map((i) => `\\u${secret.charCodeAt(i).toString(16).padStart(4, "0")}`).join("")

/** Base64 of bytes as it reads inside that of a longer text, which may begin one or two bytes before: the characters that do not depend on it. */
const base64 = (bytes: Buffer): ReadonlyArray<string> =>
  [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString("base64")
      .replace(/=+$/, "")
    const whole = Math.floor(((before + bytes.length) * 8) / 6)
    return text.slice(before === 0 ? 0 : before + 1, whole)
  })
