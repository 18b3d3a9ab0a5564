/**
 * Seals the secrets of a record, one by one, and opens them again for that record and field only.
 *
 * A sealed value is `v1.<key id>.<base64url of IV, tag and ciphertext>`: AES-256-GCM with a random IV of 96 bits and a tag of
 * 128 bits. Its associated data names version, key, collection, record and field, so that a ciphertext which was moved
 * does not open.
 * Source: https://nvlpubs.nist.gov/nistpubs/Legacy/SP/nistspecialpublication800-38d.pdf
 */
import { createCipheriv, createDecipheriv } from "node:crypto"
import type { Credential } from "@drawbar/blueprint-schema/Credential"
import { Context, Effect, Layer, Redacted, Result } from "effect"
import type { Collection, Document } from "./Document.ts"
import { type Key, KeyRing } from "./KeyRing.ts"
import { fail, type RegistryError, SealBroken } from "./RegistryError.ts"
import { SecureRandom } from "./SecureRandom.ts"

type Sealed = Document["sealed"]

const cipherName = "aes-256-gcm"
const ivBytes = 12
const tagBytes = 16

export class CredentialVault extends Context.Service<
  CredentialVault,
  {
    readonly seal: (collection: Collection, id: string, credential: Credential) => Effect.Effect<Sealed>
    readonly open: (collection: Collection, id: string, sealed: Sealed) => Effect.Effect<Credential, RegistryError>
    /** Whether all of it is sealed with the active key; what is not should be sealed anew. */
    readonly isCurrent: (sealed: Sealed) => boolean
  }
>()("@drawbar/registry/CredentialVault") {
  static readonly layer = Layer.effect(
    CredentialVault,
    Effect.gen(function* () {
      const ring = yield* KeyRing
      const random = yield* SecureRandom
      return {
        seal: (collection, id, credential) =>
          Effect.sync(() =>
            mapValues(credential, (secret, field) =>
              seal(ring.current().active, random(ivBytes), { collection, id, field }, Redacted.value(secret)),
            ),
          ),
        open: Effect.fnUntraced(function* (collection, id, sealed) {
          const credential: Record<string, Redacted.Redacted> = Object.create(null)
          for (const [field, text] of Object.entries(sealed))
            credential[field] = yield* Effect.fromResult(openOne(ring.current().all, { collection, id, field }, text))
          return credential
        }),
        isCurrent: (sealed) => Object.values(sealed).every((text) => keyIdOf(text) === ring.current().active.id),
      }
    }),
  )
}

/** The id of the key that a value was sealed with; `undefined` where the text is no sealed value. */
export const keyIdOf = (sealed: string): string | undefined => form.exec(sealed)?.[1]

interface Place {
  readonly collection: Collection
  readonly id: string
  readonly field: string
}

const form = /^v1\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/

const associatedData = (keyId: string, { collection, id, field }: Place) =>
  Buffer.from(JSON.stringify(["v1", keyId, collection, id, field]))

const seal = (key: Key, iv: Uint8Array, place: Place, secret: string): string => {
  const cipher = createCipheriv(cipherName, Redacted.value(key.bytes), iv, { authTagLength: tagBytes })
  cipher.setAAD(associatedData(key.id, place))
  const ciphertext = Buffer.concat([cipher.update(secret, "utf8"), cipher.final()])
  return `v1.${key.id}.${Buffer.concat([iv, cipher.getAuthTag(), ciphertext]).toString("base64url")}`
}

const openOne = (
  keys: ReadonlyMap<string, Key>,
  place: Place,
  text: string,
): Result.Result<Redacted.Redacted, RegistryError> => {
  const [, keyId = "", body = ""] = form.exec(text) ?? []
  const where = `The credential [${place.field}] of ${place.collection} [${place.id}]`
  const broken = (what: string) =>
    Result.fail(fail(new SealBroken({ keyId, field: place.field, message: `${where} ${what}` })))
  const bytes = Buffer.from(body, "base64url")
  // Bits that decoding would drop are no licence to write the same secret in two ways.
  if (bytes.length < ivBytes + tagBytes || bytes.toString("base64url") !== body)
    return broken("is not a sealed value: send it anew")
  const key = keys.get(keyId)
  if (key === undefined)
    return broken(
      `is sealed with the key [${keyId}], which is not in the key ring: put it back, or send the credential anew`,
    )
  const decipher = createDecipheriv(cipherName, Redacted.value(key.bytes), bytes.subarray(0, ivBytes), {
    authTagLength: tagBytes,
  })
  decipher.setAAD(associatedData(keyId, place))
  decipher.setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes))
  try {
    const secret = Buffer.concat([decipher.update(bytes.subarray(ivBytes + tagBytes)), decipher.final()])
    return Result.succeed(Redacted.make(secret.toString("utf8")))
  } catch {
    return broken(`does not open with the key [${keyId}]: it was changed, or belongs to another record. Send it anew`)
  }
}

const mapValues = (credential: Credential, f: (secret: Redacted.Redacted, field: string) => string): Sealed => {
  const sealed: Record<string, string> = Object.create(null)
  for (const [field, secret] of Object.entries(credential)) sealed[field] = f(secret, field)
  return sealed
}
