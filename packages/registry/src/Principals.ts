/** Remembers who may ask, and tells who asks. Passwords and keys are kept as hashes; a key is shown once, when it is made. */
import { createHash } from "node:crypto"
import { invalid } from "@drawbar/blueprint-schema/BlueprintError"
import { decode } from "@drawbar/blueprint-schema/Decode"
import { Clock, Context, Effect, Layer, Option, Semaphore, Stream } from "effect"
import type { Document } from "./Document.ts"
import { DocumentStore } from "./DocumentStore.ts"
import * as Guesses from "./internal/Guesses.ts"
import * as Hash from "./internal/Hash.ts"
import * as Stored from "./internal/Stored.ts"
import * as Principal from "./Principal.ts"
import { RecordChanges } from "./RecordChanges.ts"
import { AlreadyExists, fail, type RegistryError, TooManyGuesses } from "./RegistryError.ts"
import { SecureRandom } from "./SecureRandom.ts"

export interface NewUser {
  readonly name: string
  readonly password: string
  readonly roles: ReadonlyArray<Principal.Role>
  readonly backend_roles?: ReadonlyArray<string>
}

export interface NewKey {
  readonly name: string
  readonly roles: ReadonlyArray<Principal.Role>
  readonly backend_roles?: ReadonlyArray<string>
  /** The only models that it may ask. */
  readonly models?: ReadonlyArray<string>
  readonly quota?: Principal.Quota
  /** Absent: it does not expire. */
  readonly expiresInMillis?: number
}

/** What a request brings to say who asks. */
export type Proof =
  | { readonly _tag: "Password"; readonly name: string; readonly password: string }
  | { readonly _tag: "Key"; readonly key: string }

export interface Listed {
  readonly id: string
  readonly principal: Principal.Principal
}

export class Principals extends Context.Service<
  Principals,
  {
    /** Answers the user's id. A password has 12 characters at least. */
    readonly createUser: (user: NewUser) => Effect.Effect<string, RegistryError>
    /** Answers the id, and the key itself, which nobody can read again. */
    readonly createKey: (key: NewKey) => Effect.Effect<{ readonly id: string; readonly key: string }, RegistryError>
    readonly delete: (id: string) => Effect.Effect<boolean, RegistryError>
    readonly list: Effect.Effect<ReadonlyArray<Listed>>
    /** Who asks; nobody where the proof is none, or has expired. Fails with `TooManyGuesses` where passwords are guessed. */
    readonly authenticate: (proof: Proof) => Effect.Effect<Option.Option<Principal.Principal>, RegistryError>
  }
>()("@drawbar/registry/Principals") {
  static readonly layer = Layer.effect(
    Principals,
    Effect.gen(function* () {
      const store = yield* DocumentStore
      const changes = yield* RecordChanges
      const random = yield* SecureRandom
      const known = new Map<string, Known>()
      /** Passwords that were right, by their hash, so that not every request is slow. */
      const passed = new Map<string, string>()

      const remember = (document: Document) =>
        Effect.map(Effect.fromResult(Stored.read(collection, document, read)), (principal) => {
          known.set(document.id, { principal, hash: document.sealed["hash"] ?? "" })
        })
      yield* Stream.runForEach(store.all(collection), remember)

      const create = Effect.fnUntraced(function* (id: string, principal: Principal.Principal, hash: string) {
        const [written] = yield* changes
          .commit([{ _tag: "Create", collection, id, source: { ...principal }, sealed: { hash } }])
          .pipe(Effect.catchReason("RegistryError", "AlreadyExists", () => Effect.fail(taken(id, principal.name))))
        if (written !== undefined) yield* remember(written)
        return id
      })

      const valid = ({ principal }: Known, now: number) =>
        principal.expires_time === undefined || principal.expires_time > now

      const guesses = Guesses.make()
      const hashing = yield* Semaphore.make(atOnce)
      let waiting = 0

      const heldBack = (name: string) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => {
          const wait = guesses.wait(name, now)
          return wait === undefined ? Effect.void : tooMany(wait)
        })

      /** Whether it is right. To look is dear on purpose: few are looked at side by side, and few wait for it. */
      const look = Effect.fnUntraced(function* (name: string, password: string, hash: string) {
        yield* heldBack(name)
        if (waiting >= inLine) return yield* tooMany(busyFor)
        waiting++
        const looked = Effect.andThen(heldBack(name), Hash.isPassword(password, hash))
        return yield* hashing
          .withPermits(1)(looked)
          .pipe(Effect.ensuring(Effect.sync(() => waiting--)))
      })

      const byPassword = Effect.fnUntraced(function* (name: string, password: string) {
        const id = idOfUser(name)
        const found = known.get(id)
        // Whether there is such a user is not told by how long the answer takes.
        const hash = found?.hash ?? nobody
        const print = createHash("sha256").update(`${id}\n${hash}\n${password}`).digest("base64url")
        // One that was right before is not held back by what others guess.
        if (found !== undefined && passed.get(print) === id) return Option.some(found)
        if (!(yield* look(name, password, hash)) || found === undefined) {
          guesses.wrong(name, yield* Clock.currentTimeMillis)
          return Option.none()
        }
        guesses.right(name)
        if (passed.size > enough) passed.clear()
        passed.set(print, id)
        return Option.some(found)
      })

      const byKey = (key: string): Option.Option<Known> => {
        const [prefix, id = ""] = key.split("_")
        const found = prefix === keyPrefix ? known.get(`key-${id}`) : undefined
        return found !== undefined && Hash.isKey(key, found.hash) ? Option.some(found) : Option.none()
      }

      return {
        createUser: Effect.fnUntraced(function* ({ name, password, roles, backend_roles = [] }) {
          if (!nameForm.test(name)) return yield* refused("/name", `A name has ${nameRule}`)
          if (password.length < shortestPassword)
            return yield* refused("/password", `A password has ${shortestPassword} characters at least`)
          const created_time = yield* Clock.currentTimeMillis
          const hash = yield* Hash.ofPassword(password, random(16))
          return yield* create(idOfUser(name), { kind: "user", name, roles, backend_roles, created_time }, hash)
        }),
        createKey: Effect.fnUntraced(function* ({ name, roles, backend_roles = [], models, quota, expiresInMillis }) {
          if (!nameForm.test(name)) return yield* refused("/name", `A name has ${nameRule}`)
          const created_time = yield* Clock.currentTimeMillis
          const id = Buffer.from(random(9)).toString("hex")
          const key = `${keyPrefix}_${id}_${Buffer.from(random(32)).toString("base64url")}`
          const expires = expiresInMillis === undefined ? {} : { expires_time: created_time + expiresInMillis }
          const principal = {
            kind: "api_key" as const,
            name,
            roles,
            backend_roles,
            ...(models === undefined ? {} : { models }),
            ...(quota === undefined ? {} : { quota }),
            created_time,
            ...expires,
          }
          return { id: yield* create(`key-${id}`, principal, Hash.ofKey(key)), key }
        }),
        delete: Effect.fnUntraced(function* (id) {
          const found = yield* store.get(collection, id)
          if (Option.isNone(found)) return false
          yield* changes.commit([{ _tag: "Delete", collection, id }])
          known.delete(id)
          return true
        }),
        list: Effect.sync(() => [...known].map(([id, { principal }]) => ({ id, principal }))),
        authenticate: Effect.fnUntraced(function* (proof) {
          const found = proof._tag === "Key" ? byKey(proof.key) : yield* byPassword(proof.name, proof.password)
          const now = yield* Clock.currentTimeMillis
          return Option.map(
            Option.filter(found, (one) => valid(one, now)),
            ({ principal }) => principal,
          )
        }),
      }
    }),
  )
}

interface Known {
  readonly principal: Principal.Principal
  readonly hash: string
}

const collection = "principal"
const read = decode(Principal.Principal)

const keyPrefix = "dbk"
const idOfUser = (name: string) => `user-${name}`

const shortestPassword = 12
const enough = 1_000

/** How many passwords are looked at side by side, and how many wait: each costs 32 MB and one of four threads. */
const atOnce = 2
const inLine = 32

/** In ms: what those are told who find the line full. */
const busyFor = 2_000

const tooMany = (retryAfterMillis: number) => Effect.fail(fail(new TooManyGuesses({ retryAfterMillis })))

const nameForm = /^[A-Za-z0-9][A-Za-z0-9_.@-]{0,127}$/
const nameRule = "letters, digits and _ . @ -, 128 at the most, and begins with a letter or a digit"

/** The hash of no password. */
const nobody = `scrypt.${Buffer.alloc(16).toString("base64url")}.${Buffer.alloc(32).toString("base64url")}`

const refused = (pointer: string, message: string) => Effect.fail(fail(invalid(pointer, message).reason))

const taken = (id: string, name: string) =>
  fail(new AlreadyExists({ collection, id, message: `There is a user called ${name} already` }))
