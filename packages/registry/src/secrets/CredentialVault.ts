/**
 * Seals the secrets of a record, one by one, and opens them again for that record and field only.
 *
 * A sealed value is an envelope, `v3.<key id>.<data key>.<secret>`: each secret is sealed with a key of its own, and that with the
 * ring's. A rotation seals data keys again and opens no secret; a key management service in the ring's place would see data keys
 * alone. Both are base64url of IV, tag and ciphertext: AES-256-GCM with a random IV of 96 bits and a tag of 128 bits. Their
 * associated data names version, tenant, collection, record and field, so that what was moved does not open; that of the data key
 * also the record's binding (`SecretBinding`), so that a record which was changed to send its secrets elsewhere does not open.
 * Envelopes of the form `v2` have no binding. They open until a rotation has renewed them: then the ring admits bound ones alone.
 * Source: https://nvlpubs.nist.gov/nistpubs/Legacy/SP/nistspecialpublication800-38d.pdf
 */
import { createCipheriv, createDecipheriv } from "node:crypto"
import type { Credential } from "@drawbar/blueprint-schema/Credential"
import { Context, Effect, Layer, Redacted, Result } from "effect"
import type { Collection, Document } from "@drawbar/document-store/Document"
import { NewestKey } from "./NewestKey.ts"
import { KeyRing, type Keys } from "./KeyRing.ts"
import { DecryptionFailed, RegistryError, type RegistryFailure } from "../RegistryError.ts"
import { none } from "./SecretBinding.ts"
import { SecureRandom } from "./SecureRandom.ts"

type Sealed = Document["sealed"]

const cipherName = "aes-256-gcm"
const keyBytes = 32
const ivBytes = 12
const tagBytes = 16

export class CredentialVault extends Context.Service<
  CredentialVault,
  {
    readonly seal: (
      collection: Collection,
      id: string,
      credential: Credential,
      binding?: string,
    ) => Effect.Effect<Sealed, RegistryFailure>
    readonly open: (
      collection: Collection,
      id: string,
      sealed: Sealed,
      binding?: string,
    ) => Effect.Effect<Credential, RegistryFailure>
    /** The same secrets under the active key, bound to `next`; none of them is opened. */
    readonly renew: (
      collection: Collection,
      id: string,
      sealed: Sealed,
      binding?: string,
      next?: string,
    ) => Effect.Effect<Sealed, RegistryFailure>
    /** Whether all of it is sealed with the active key; what is not should be sealed again. */
    readonly isCurrent: (sealed: Sealed) => boolean
  }
>()("@drawbar/registry/CredentialVault") {
  static readonly layer = Layer.effect(
    CredentialVault,
    Effect.gen(function* () {
      const ring = yield* KeyRing
      const random = yield* SecureRandom
      const { checked } = yield* NewestKey

      const lock = (key: Uint8Array, about: string, content: Uint8Array): string =>
        encrypt({ key, iv: random(ivBytes), about, content }).toString("base64url")

      const wrap = (place: Place, dataKey: Uint8Array): string => {
        const { id, bytes } = ring.current().active
        return `v3.${id}.${lock(Redacted.value(bytes), aboutKey("v3", id, place), dataKey)}`
      }

      const seal = (place: Place, secret: string): string => {
        const dataKey = random(keyBytes)
        return `${wrap(place, dataKey)}.${lock(dataKey, aboutSecret(place), Buffer.from(secret, "utf8"))}`
      }

      /** A key that another server has added to the ring's file is looked for there once. */
      const unwrapped = Effect.fnUntraced(function* (place: Place, text: string) {
        const keyId = keyIdOf(text)
        if (keyId !== undefined && !ring.current().all.has(keyId)) yield* Effect.ignore(ring.reread)
        return yield* Effect.fromResult(unwrap(ring.current(), place, text))
      })

      return {
        seal: (collection, id, credential, binding = none) =>
          (Object.keys(credential).length === 0 ? Effect.void : checked).pipe(
            Effect.map(() =>
              mapped(credential, (secret, field) => seal({ collection, id, field, binding }, Redacted.value(secret))),
            ),
          ),
        open: (collection, id, sealed, binding = none) =>
          eachOf(sealed, (text, field) => {
            const place = { collection, id, field, binding }
            return Effect.flatMap(unwrapped(place, text), (envelope) => Effect.fromResult(openSecret(place, envelope)))
          }),
        renew: (collection, id, sealed, binding = none, next = binding) =>
          eachOf(sealed, (text, field) => {
            const place = { collection, id, field, binding }
            return Effect.map(
              Effect.andThen(checked, unwrapped(place, text)),
              ({ dataKey, secret }) => `${wrap({ ...place, binding: next }, dataKey)}.${secret.toString("base64url")}`,
            )
          }),
        isCurrent: (sealed) => Object.values(sealed).every((text) => keyIdOf(text) === ring.current().active.id),
      }
    }),
  )
}

/** The id of the key that a value was sealed with; `undefined` if the text is not a sealed value. */
export const keyIdOf = (sealed: string): string | undefined => form.exec(sealed)?.[1]

/** Whether two sealed values hold the same secret; a renewal seals its key again, and not the secret. */
export const isSameSecret = (a: string | undefined, b: string | undefined): boolean =>
  a !== undefined && b !== undefined && form.exec(a)?.[3] === form.exec(b)?.[3]

interface Place {
  readonly collection: Collection
  readonly id: string
  readonly field: string
  /** What the secret is sealed for: a text of `SecretBinding`. */
  readonly binding: string
}

const form = /^v[23]\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/

/** All records are of one tenant; it has its place, so that there may be others without sealing these again. */
const tenant = ""

type Version = "v2" | "v3"

const aboutKey = (version: Version, keyId: string, { collection, id, field, binding }: Place) =>
  JSON.stringify([version, "key", keyId, tenant, collection, id, field, ...(version === "v3" ? [binding] : [])])

/** Whether a sealed value is of the form that names no binding. */
export const isUnbound = (sealed: string): boolean => sealed.startsWith("v2.")

// Not changed since v2: a renewal seals data keys, not secrets. A data key seals one secret: which key of the ring it was sealed with may change.
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

const unwrap = ({ all, onlyBound }: Keys, place: Place, text: string): Result.Result<Envelope, RegistryFailure> => {
  const [, keyId = "", wrapped, locked] = form.exec(text) ?? []
  const [key, secret] = [bytesOf(wrapped), bytesOf(locked)]
  if (key === undefined || secret === undefined) return broken(place, keyId, "is not a sealed value: send it again")
  if (isUnbound(text) && onlyBound)
    return broken(
      place,
      keyId,
      "was sealed by an earlier version, whose values do not open since the keys were rotated: send the credential again",
    )
  const ofRing = all.get(keyId)
  if (ofRing === undefined)
    return broken(
      place,
      keyId,
      `is sealed with the key [${keyId}], which is not in the key ring: put it back, or send the credential again`,
    )
  const dataKey = decrypt(Redacted.value(ofRing.bytes), aboutKey(isUnbound(text) ? "v2" : "v3", keyId, place), key)
  return dataKey?.length === keyBytes ? Result.succeed({ keyId, dataKey, secret }) : changed(place, keyId)
}

const openSecret = (place: Place, { keyId, dataKey, secret }: Envelope) => {
  const bytes = decrypt(dataKey, aboutSecret(place), secret)
  return bytes === undefined ? changed(place, keyId) : Result.succeed(Redacted.make(bytes.toString("utf8")))
}

/** Rejects text whose last bits decoding would drop, so that a secret has one encoding only. */
const bytesOf = (text = ""): Buffer | undefined => {
  const bytes = Buffer.from(text, "base64url")
  return bytes.length >= ivBytes + tagBytes && bytes.toString("base64url") === text ? bytes : undefined
}

const changed = (place: Place, keyId: string) =>
  broken(
    place,
    keyId,
    `does not open with the key [${keyId}]: it was changed, belongs to another record, or its record was changed outside the server. Send it again`,
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
  f: (text: string, field: string) => Effect.Effect<B, RegistryFailure>,
) {
  const made: Record<string, B> = Object.create(null)
  for (const [field, text] of Object.entries(sealed)) made[field] = yield* f(text, field)
  return made
})
