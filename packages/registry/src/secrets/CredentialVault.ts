/**
 * Seals the secrets of a record, one by one, and opens them again for that record and field only.
 *
 * A sealed value is an envelope, `v2.<key id>.<data key>.<secret>`: each secret is sealed with a key of its own, and that with the
 * ring's. A rotation seals data keys anew and opens no secret; a key management service in the ring's place would see data keys
 * alone. Both are base64url of IV, tag and ciphertext: AES-256-GCM with a random IV of 96 bits and a tag of 128 bits. Their
 * associated data names version, tenant, collection, record and field, so that what was moved does not open.
 * Source: https://nvlpubs.nist.gov/nistpubs/Legacy/SP/nistspecialpublication800-38d.pdf
 */
import { createCipheriv, createDecipheriv } from "node:crypto"
import type { Credential } from "@drawbar/blueprint-schema/Credential"
import { Context, Effect, Layer, Redacted, Result } from "effect"
import type { Collection, Document } from "@drawbar/document-store/Document"
import { type Key, KeyRing } from "./KeyRing.ts"
import { DecryptionFailed, RegistryError, type RegistryFailure } from "../RegistryError.ts"
import { SecureRandom } from "./SecureRandom.ts"

type Sealed = Document["sealed"]

const cipherName = "aes-256-gcm"
const keyBytes = 32
const ivBytes = 12
const tagBytes = 16

export class CredentialVault extends Context.Service<
  CredentialVault,
  {
    readonly seal: (collection: Collection, id: string, credential: Credential) => Effect.Effect<Sealed>
    readonly open: (collection: Collection, id: string, sealed: Sealed) => Effect.Effect<Credential, RegistryFailure>
    /** The same secrets under the active key; none of them is opened. */
    readonly renew: (collection: Collection, id: string, sealed: Sealed) => Effect.Effect<Sealed, RegistryFailure>
    /** Whether all of it is sealed with the active key; what is not should be sealed anew. */
    readonly isCurrent: (sealed: Sealed) => boolean
  }
>()("@drawbar/registry/CredentialVault") {
  static readonly layer = Layer.effect(
    CredentialVault,
    Effect.gen(function* () {
      const ring = yield* KeyRing
      const random = yield* SecureRandom

      const lock = (key: Uint8Array, about: string, content: Uint8Array): string =>
        encrypt({ key, iv: random(ivBytes), about, content }).toString("base64url")

      const wrap = (place: Place, dataKey: Uint8Array): string => {
        const { id, bytes } = ring.current().active
        return `v2.${id}.${lock(Redacted.value(bytes), aboutKey(id, place), dataKey)}`
      }

      const seal = (place: Place, secret: string): string => {
        const dataKey = random(keyBytes)
        return `${wrap(place, dataKey)}.${lock(dataKey, aboutSecret(place), Buffer.from(secret, "utf8"))}`
      }

      const unwrapped = (place: Place, text: string) => unwrap(ring.current().all, place, text)

      return {
        seal: (collection, id, credential) =>
          Effect.sync(() =>
            mapped(credential, (secret, field) => seal({ collection, id, field }, Redacted.value(secret))),
          ),
        open: (collection, id, sealed) =>
          eachOf(sealed, (text, field) => {
            const place = { collection, id, field }
            return Result.flatMap(unwrapped(place, text), (envelope) => openSecret(place, envelope))
          }),
        renew: (collection, id, sealed) =>
          eachOf(sealed, (text, field) => {
            const place = { collection, id, field }
            return Result.map(
              unwrapped(place, text),
              ({ dataKey, secret }) => `${wrap(place, dataKey)}.${secret.toString("base64url")}`,
            )
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

const form = /^v2\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/

/** All records are of one tenant; it has its place, so that there may be others without sealing these anew. */
const tenant = ""

const aboutKey = (keyId: string, { collection, id, field }: Place) =>
  JSON.stringify(["v2", "key", keyId, tenant, collection, id, field])

// A data key seals one secret: which key of the ring it was sealed with may change.
const aboutSecret = ({ collection, id, field }: Place) =>
  JSON.stringify(["v2", "secret", tenant, collection, id, field])

interface Plain {
  readonly key: Uint8Array
  readonly iv: Uint8Array
  /** What the result is bound to. */
  readonly about: string
  readonly content: Uint8Array
}

const encrypt = ({ key, iv, about, content }: Plain): Buffer => {
  const cipher = createCipheriv(cipherName, key, iv, { authTagLength: tagBytes })
  cipher.setAAD(Buffer.from(about))
  const ciphertext = Buffer.concat([cipher.update(content), cipher.final()])
  return Buffer.concat([iv, cipher.getAuthTag(), ciphertext])
}

/** Nothing where it was changed, or is bound to something else. */
const decrypt = (key: Uint8Array, about: string, bytes: Buffer): Buffer | undefined => {
  const decipher = createDecipheriv(cipherName, key, bytes.subarray(0, ivBytes), { authTagLength: tagBytes })
  decipher.setAAD(Buffer.from(about))
  decipher.setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes))
  try {
    return Buffer.concat([decipher.update(bytes.subarray(ivBytes + tagBytes)), decipher.final()])
  } catch {
    return undefined
  }
}

interface Envelope {
  readonly keyId: string
  readonly dataKey: Buffer
  readonly secret: Buffer
}

const unwrap = (
  keys: ReadonlyMap<string, Key>,
  place: Place,
  text: string,
): Result.Result<Envelope, RegistryFailure> => {
  const [, keyId = "", wrapped, locked] = form.exec(text) ?? []
  const [key, secret] = [bytesOf(wrapped), bytesOf(locked)]
  if (key === undefined || secret === undefined) return broken(place, keyId, "is not a sealed value: send it anew")
  const ofRing = keys.get(keyId)
  if (ofRing === undefined)
    return broken(
      place,
      keyId,
      `is sealed with the key [${keyId}], which is not in the key ring: put it back, or send the credential anew`,
    )
  const dataKey = decrypt(Redacted.value(ofRing.bytes), aboutKey(keyId, place), key)
  return dataKey?.length === keyBytes ? Result.succeed({ keyId, dataKey, secret }) : changed(place, keyId)
}

const openSecret = (place: Place, { keyId, dataKey, secret }: Envelope) => {
  const bytes = decrypt(dataKey, aboutSecret(place), secret)
  return bytes === undefined ? changed(place, keyId) : Result.succeed(Redacted.make(bytes.toString("utf8")))
}

/** Bits that decoding would drop are no licence to write the same secret in two ways. */
const bytesOf = (text = ""): Buffer | undefined => {
  const bytes = Buffer.from(text, "base64url")
  return bytes.length >= ivBytes + tagBytes && bytes.toString("base64url") === text ? bytes : undefined
}

const changed = (place: Place, keyId: string) =>
  broken(
    place,
    keyId,
    `does not open with the key [${keyId}]: it was changed, or belongs to another record. Send it anew`,
  )

const broken = ({ collection, id, field }: Place, keyId: string, what: string) =>
  Result.fail(
    RegistryError.from(
      new DecryptionFailed({ keyId, field, message: `The credential [${field}] of ${collection} [${id}] ${what}` }),
    ),
  )

const mapped = <A, B>(values: Readonly<Record<string, A>>, f: (value: A, name: string) => B): Record<string, B> => {
  const made: Record<string, B> = Object.create(null)
  for (const [name, value] of Object.entries(values)) made[name] = f(value, name)
  return made
}

/** All of them, or the first failure. */
const eachOf = Effect.fnUntraced(function* <B>(
  sealed: Sealed,
  f: (text: string, field: string) => Result.Result<B, RegistryFailure>,
) {
  const made: Record<string, B> = Object.create(null)
  for (const [field, text] of Object.entries(sealed)) made[field] = yield* Effect.fromResult(f(text, field))
  return made
})
