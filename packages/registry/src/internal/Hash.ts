/**
 * What is kept in place of passwords and keys. A password is guessable, so that checking it has to be slow; a key of 256 bits
 * is not.
 * Source: https://www.rfc-editor.org/rfc/rfc7914 and https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
 */
import { hash, scrypt, type ScryptOptions, timingSafeEqual } from "node:crypto"
import { Effect } from "effect"

const cost: ScryptOptions = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 }
const length = 32

const derived = (password: string, salt: Uint8Array) =>
  Effect.callback<Buffer>((resume) =>
    scrypt(password, salt, length, cost, (error, bytes) =>
      resume(error === null ? Effect.succeed(bytes) : Effect.die(error)),
    ),
  )

export const ofPassword = (password: string, salt: Uint8Array) =>
  Effect.map(
    derived(password, salt),
    (bytes) => `scrypt.${Buffer.from(salt).toString("base64url")}.${bytes.toString("base64url")}`,
  )

export const isPassword = Effect.fnUntraced(function* (password: string, hash: string) {
  const [, salt = "", kept = ""] = hash.split(".")
  return equal(yield* derived(password, Buffer.from(salt, "base64url")), Buffer.from(kept, "base64url"))
})

export const ofKey = (key: string): string => `sha256.${hash("sha256", key, "base64url")}`

/** What a key's hash holds: every request comes by here, so that it is read once. */
export const digestIn = (hash: string): Uint8Array => Buffer.from(hash.split(".")[1] ?? "", "base64url")

export const isKey = (key: string, digest: Uint8Array): boolean => equal(hash("sha256", key, "buffer"), digest)

const equal = (one: Uint8Array, two: Uint8Array): boolean => one.length === two.length && timingSafeEqual(one, two)
