/** Every way in which a sealed secret may be changed, and vaults that each overlook one of them. */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto"

/** Where a secret belongs. */
export interface Place {
  readonly collection: "connector" | "model"
  readonly id: string
  readonly field: string
}

export interface Vault {
  readonly seal: (place: Place, secret: string) => string
  /** Nothing where it does not open. */
  readonly open: (place: Place, sealed: string) => string | undefined
}

/** Numbers below one, which a seed repeats: https://en.wikipedia.org/wiki/Linear_congruential_generator */
export const randoms = (state: number) => (below: number) => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  return Math.floor((state / 2 ** 32) * below)
}
type Below = ReturnType<typeof randoms>

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
const home: Place = { collection: "connector", id: "a", field: "key" }
const places: ReadonlyArray<Place> = [
  { ...home, id: "b" },
  { ...home, collection: "model" },
  { ...home, field: "other" },
]

type Change = (sealed: string, others: ReadonlyArray<string>, below: Below) => string

const inPart =
  (change: (part: string, below: Below) => string): Change =>
  (sealed, _others, below) => {
    const parts = sealed.split(".")
    const at = below(parts.length)
    return parts.map((part, n) => (n === at ? change(part, below) : part)).join(".")
  }

const inBytes = (change: (bytes: Buffer, below: Below) => Buffer) =>
  inPart((part, below) => change(Buffer.from(part, "base64url"), below).toString("base64url"))

const changes: Readonly<Record<string, Change>> = {
  "another character": inPart((part, below) => {
    const at = below(part.length)
    return part.slice(0, at) + alphabet[below(64)] + part.slice(at + 1)
  }),
  "another bit": inBytes((bytes, below) => {
    const at = below(bytes.length)
    return Buffer.from(bytes.map((byte, n) => (n === at ? byte ^ (1 << below(8)) : byte)))
  }),
  "cut short": inPart((part, below) => part.slice(0, below(part.length))),
  "a cut nonce": inBytes((bytes, below) => bytes.subarray(1 + below(11))),
  "a cut tag": inBytes((bytes, below) => Buffer.concat([bytes.subarray(0, 12 + below(16)), bytes.subarray(28)])),
  "a byte more": inBytes((bytes, below) => Buffer.concat([bytes, Buffer.from([below(256)])])),
  "a character more": inPart((part, below) => part + alphabet[below(64)]),
  padded: inPart((part) => `${part}=`),
  "turned round": inPart((part, below) => {
    const at = below(part.length)
    return part.slice(at) + part.slice(0, at)
  }),
  "all of it": inPart((part, below) => Array.from(part, () => alphabet[below(64)]).join("")),
  "a part of another's": (sealed, others, below) => {
    const other = others[below(others.length)]?.split(".") ?? []
    const at = below(other.length)
    return sealed
      .split(".")
      .map((part, n) => (n === at ? (other[n] ?? part) : part))
      .join(".")
  },
  "another version": (sealed, _others, below) => sealed.replace(/^v\d/, `v${below(10)}`),
  "without a part": (sealed, _others, below) => sealed.split(".").toSpliced(below(4), 1).join("."),
}

/** The changes, by name, after which a secret opened all the same. */
export const survivors = (vault: Vault, rounds: number, below: Below): ReadonlySet<string> => {
  const sealed = vault.seal(home, "sk-planted-1234567890")
  // An earlier sealed value of the same place is not a forgery: it is what restoring a backup puts back.
  const before = "sk-earlier-1234567890"
  const others = [vault.seal(home, before), ...places.map((place) => vault.seal(place, "sk-another-1234567890"))]
  const found = new Set<string>()
  if (vault.open(home, sealed) !== "sk-planted-1234567890") found.add("unchanged, it does not open")
  for (const place of places)
    if (vault.open(place, sealed) !== undefined) found.add(`moved to ${JSON.stringify(place)}`)
  const names = Object.keys(changes)
  for (let i = 0; i < rounds; i++) {
    const name = names[i % names.length] ?? ""
    const changed = changes[name]?.(sealed, others, below) ?? sealed
    const opened = changed === sealed ? undefined : vault.open(home, changed)
    if (opened !== undefined && opened !== before) found.add(name)
  }
  return found
}

interface Fault {
  readonly about?: (place: Place, keyId: string) => unknown
  readonly form?: RegExp
  readonly key?: (keyId: string) => string
  readonly tagBytes?: number
  readonly iv?: (bytes: Buffer) => Buffer
  readonly isStrict?: false
  readonly cipher?: (version: string) => string
  readonly rest?: (bytes: Buffer) => Buffer
}

const keys: Readonly<Record<string, Buffer>> = { one: randomBytes(32), two: randomBytes(32) }

const secretBytes = "sk-planted-1234567890".length

/** A small vault, and what it overlooks. */
const faulty = ({
  about = ({ collection, id, field }, keyId) => [collection, id, field, keyId],
  form = /^(v2)\.(\w+)\.([\w-]+)$/,
  key = (keyId) => keyId,
  tagBytes = 16,
  iv = (bytes) => bytes,
  isStrict,
  cipher = () => "aes-256-gcm",
  rest = (bytes) => bytes,
}: Fault): Vault => {
  const bound = (place: Place, keyId: string) => Buffer.from(JSON.stringify(about(place, keyId)))
  return {
    seal: (place, secret) => {
      const nonce = iv(randomBytes(12))
      const sealing = createCipheriv("aes-256-gcm", keys["one"] ?? "", nonce)
      sealing.setAAD(bound(place, "one"))
      const text = Buffer.concat([sealing.update(secret), sealing.final()])
      return `v2.one.${Buffer.concat([nonce, sealing.getAuthTag(), text]).toString("base64url")}`
    },
    open: (place, sealed) => {
      const [, version = "", keyId = "", body = ""] = form.exec(sealed) ?? []
      const bytes = Buffer.from(body, "base64url")
      const bytesOfKey = keys[key(keyId)]
      if (bytesOfKey === undefined || bytes.length < 28) return undefined
      if (isStrict !== false && bytes.toString("base64url") !== body) return undefined
      const text = rest(bytes.subarray(28))
      try {
        if (cipher(version) === "aes-256-ctr") {
          const counting = createDecipheriv(
            "aes-256-ctr",
            bytesOfKey,
            Buffer.concat([bytes.subarray(0, 12), Buffer.of(0, 0, 0, 2)]),
          )
          return counting.update(text).toString()
        }
        const opening = createDecipheriv("aes-256-gcm", bytesOfKey, iv(bytes.subarray(0, 12)), {
          authTagLength: tagBytes,
        })
        opening.setAAD(bound(place, keyId))
        opening.setAuthTag(bytes.subarray(12, 12 + tagBytes))
        return Buffer.concat([opening.update(text), opening.final()]).toString()
      } catch {
        return undefined
      }
    },
  }
}

export const sound = faulty({})

export const faults: Readonly<Record<string, Vault>> = {
  "binds nothing": faulty({ about: () => 0 }),
  "does not bind the record": faulty({ about: ({ collection, field }, keyId) => [collection, field, keyId] }),
  "does not bind the field": faulty({ about: ({ collection, id }, keyId) => [collection, id, keyId] }),
  "does not bind the collection": faulty({ about: ({ id, field }, keyId) => [id, field, keyId] }),
  "takes tags of four bytes": faulty({ tagBytes: 4 }),
  "takes any key's id": faulty({ key: () => "one", about: ({ collection, id, field }) => [collection, id, field] }),
  "takes any version": faulty({ form: /^(v\d)\.(\w+)\.([\w-]+)$/ }),
  "takes an old cipher without a tag": faulty({
    form: /^(v\d)\.(\w+)\.([\w-]+)$/,
    cipher: (version) => (version === "v1" ? "aes-256-ctr" : "aes-256-gcm"),
  }),
  "looks at a part of the nonce": faulty({ iv: (bytes) => Buffer.concat([bytes.subarray(0, 8), Buffer.alloc(4)]) }),
  "takes base64 that is none": faulty({ isStrict: false, form: /^(v2)\.(\w+)\.([\w=-]+)$/ }),
  "ignores what comes after": faulty({ rest: (bytes) => bytes.subarray(0, secretBytes) }),
}
