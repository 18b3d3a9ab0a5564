/** Users and API keys, and the authentication of callers. Stores hashes only: a key is shown once, on creation. */
import { invalid } from "@drawbar/blueprint-schema/BlueprintError"
import { BoundedMap } from "@drawbar/bounded-map/BoundedMap"
import { decode } from "@drawbar/json-text/Decode"
import { Clock, Context, Effect, Layer, Option, Stream } from "effect"
import type { Document } from "@drawbar/document-store/Document"
import { DocumentStore } from "@drawbar/document-store/DocumentStore"
import * as Hash from "../internal/Hash.ts"
import * as PasswordCheck from "../internal/PasswordCheck.ts"
import * as StoredRecord from "../internal/StoredRecord.ts"
import * as RecordFollower from "../records/RecordFollower.ts"
import * as Principal from "./Principal.ts"
import { ChangeFeed } from "@drawbar/document-store/ChangeFeed"
import { StoreError, AlreadyExists } from "@drawbar/document-store/StoreError"
import { RegistryError, type RegistryFailure } from "../RegistryError.ts"
import { SecureRandom } from "../secrets/SecureRandom.ts"

export interface NewUser {
  readonly name: string
  readonly password: string
  readonly roles: ReadonlyArray<Principal.Role>
  readonly backend_roles?: ReadonlyArray<string>
}

export interface NewKey extends Pick<Principal.Principal, "max_budget" | "max_budget_tokens" | "budget_window"> {
  readonly name: string
  readonly roles: ReadonlyArray<Principal.Role>
  readonly backend_roles?: ReadonlyArray<string>
  /** The only models that it may ask. */
  readonly models?: ReadonlyArray<string>
  readonly quota?: Principal.Quota
  /** Absent: it does not expire. */
  readonly expiresInMillis?: number
}

/** The credentials of a request. */
export type Proof =
  | { readonly _tag: "Password"; readonly name: string; readonly password: string }
  | { readonly _tag: "Key"; readonly key: string }

/** A principal, and the id by which its use is counted: several keys may have one name. */
export type Authenticated = Principal.Principal & { readonly id: string }

export interface Listed {
  readonly id: string
  readonly principal: Principal.Principal
}

export class Principals extends Context.Service<
  Principals,
  {
    /** Returns the user's id. A password has at least 12 characters. */
    readonly createUser: (user: NewUser) => Effect.Effect<string, RegistryFailure>
    /** Returns the id, and the key itself, which cannot be read again. */
    readonly createKey: (key: NewKey) => Effect.Effect<{ readonly id: string; readonly key: string }, RegistryFailure>
    /** Creates an admin with this API key, unless there is a user or an API key already. Returns whether it did. */
    readonly createFirst: (key: string) => Effect.Effect<boolean, RegistryFailure>
    readonly delete: (id: string) => Effect.Effect<boolean, RegistryFailure>
    readonly list: Effect.Effect<ReadonlyArray<Listed>>
    /** The principal; none if the credentials are wrong or expired. Fails with `LoginThrottled` after too many wrong passwords. */
    readonly authenticate: (proof: Proof) => Effect.Effect<Option.Option<Authenticated>, RegistryFailure>
  }
>()("@drawbar/registry/Principals") {
  static readonly layer = Layer.effect(
    Principals,
    Effect.gen(function* () {
      const store = yield* DocumentStore
      const changes = yield* ChangeFeed
      const random = yield* SecureRandom
      const known = new Map<string, Known>()
      const proven = new BoundedMap<Known>(mostProven)
      const isRight = yield* PasswordCheck.make

      const remember = (document: Document) =>
        Effect.matchEffect(Effect.fromResult(StoredRecord.read(collection, document, read)), {
          onSuccess: (principal) =>
            Effect.sync(() => {
              const hash = document.sealed["hash"] ?? ""
              const authenticated = { ...principal, id: document.id }
              known.set(document.id, { principal, authenticated, hash, digest: Hash.digestIn(hash) })
            }),
          // One that cannot be read authenticates no caller, and does not keep the others out.
          onFailure: ({ message }) =>
            Effect.andThen(
              Effect.sync(() => known.delete(document.id)),
              Effect.logError(message),
            ),
        })

      const reload = (ids: ReadonlyArray<string>) =>
        Effect.forEach(
          ids,
          (id) =>
            store.get(collection, id).pipe(
              // Until it can be read, it may be one that was deleted.
              Effect.tapError(() => Effect.sync(() => known.delete(id))),
              Effect.flatMap(Option.match({ onNone: () => Effect.sync(() => known.delete(id)), onSome: remember })),
            ),
          { discard: true },
        )

      const caughtUp = yield* RecordFollower.follow({
        name: "Users and API keys",
        concerns: (change) => change.collection === collection,
        reload,
      })
      yield* Stream.runForEach(store.all(collection), remember)

      const create = Effect.fnUntraced(function* (id: string, principal: Principal.Principal, hash: string) {
        yield* changes
          .commit([{ _tag: "Create", collection, id, source: { ...principal }, sealed: { hash } }])
          .pipe(Effect.catchReason("StoreError", "AlreadyExists", () => Effect.fail(taken(id, principal.name))))
        yield* caughtUp
        return id
      })

      const valid = ({ principal }: Known, now: number) =>
        principal.expires_time === undefined || principal.expires_time > now

      const current = (found: Option.Option<Known>) =>
        Effect.clockWith((clock) => {
          const unexpired = Option.filter(found, (one) => valid(one, clock.currentTimeMillisUnsafe()))
          return Effect.succeed(Option.map(unexpired, ({ authenticated }) => authenticated))
        })

      const byPassword = (name: string, password: string) =>
        Effect.suspend(() => {
          const found = Option.fromUndefinedOr(known.get(idOfUser(name)))
          const { hash } = Option.getOrUndefined(found) ?? {}
          return Effect.map(isRight(name, password, hash), (right) => (right ? found : Option.none()))
        })

      const byKey = (key: string): Option.Option<Known> => {
        const found = known.get(idOfKey(key))
        if (found === undefined) return Option.none()
        if (proven.get(key) === found) return Option.some(found)
        if (!Hash.isKey(key, found.digest)) return Option.none()
        proven.set(key, found)
        return Option.some(found)
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
        createKey: Effect.fnUntraced(function* ({
          name,
          roles,
          backend_roles = [],
          models,
          quota,
          expiresInMillis,
          ...budget
        }) {
          if (!nameForm.test(name)) return yield* refused("/name", `A name has ${nameRule}`)
          if (
            budget.budget_window !== undefined &&
            budget.max_budget === undefined &&
            budget.max_budget_tokens === undefined
          )
            return yield* refused("/budget_window", "budget_window needs a max_budget (USD) or max_budget_tokens")
          const created_time = yield* Clock.currentTimeMillis
          const id = Buffer.from(random(9)).toString("hex")
          const key = `${keyPrefix}_${id}_${Buffer.from(random(32)).toString("base64url")}`
          const expires =
            expiresInMillis === undefined ? {} : { expires_time: Math.ceil(created_time + expiresInMillis) }
          const principal = {
            kind: "api_key" as const,
            name,
            roles,
            backend_roles,
            ...(models === undefined ? {} : { models }),
            ...(quota === undefined ? {} : { quota }),
            ...budget,
            created_time,
            ...expires,
          }
          return { id: yield* create(`key-${id}`, principal, Hash.ofKey(key)), key }
        }),
        createFirst: Effect.fnUntraced(function* (key) {
          if (known.size > 0) return false
          const created_time = yield* Clock.currentTimeMillis
          const principal = {
            kind: "api_key" as const,
            name: "admin",
            roles: adminRoles,
            backend_roles: [],
            created_time,
          }
          // Of several servers that start on one database, one creates it.
          return yield* create(idOfKey(key), principal, Hash.ofKey(key)).pipe(
            Effect.as(true),
            Effect.catchReason("StoreError", "AlreadyExists", () => Effect.as(caughtUp, false)),
          )
        }),
        delete: Effect.fnUntraced(function* (id) {
          const found = yield* store.get(collection, id)
          if (Option.isNone(found)) return false
          yield* changes.commit([{ _tag: "Delete", collection, id }])
          yield* caughtUp
          return true
        }),
        list: Effect.sync(() => [...known].map(([id, { principal }]) => ({ id, principal }))),
        authenticate: (proof) =>
          proof._tag === "Key"
            ? current(byKey(proof.key))
            : Effect.flatMap(byPassword(proof.name, proof.password), current),
      }
    }),
  )
}

interface Known {
  readonly principal: Principal.Principal
  /** Made once: every request comes by here. */
  readonly authenticated: Authenticated
  readonly hash: string
  /** Of a key. */
  readonly digest: Uint8Array
}

/**
 * Right keys, so that most requests need no hash. An entry holds for one reading of a record, so that it ends with any change of the
 * record. A `Map` compares texts only where their seeded hashes are equal: how long it takes says nothing of a key.
 */
const mostProven = { entries: 1_000, bytes: 1_000_000 }

const collection = "principal"
const read = decode(Principal.Principal)

const keyPrefix = "dbk"
/** A key that an operator chose has no id in it. */
const idOfKey = (key: string) => {
  const [prefix, id = ""] = key.split("_")
  return `key-${prefix === keyPrefix && /^[0-9a-f]+$/.test(id) ? id : "initial"}`
}
const adminRoles: ReadonlyArray<Principal.Role> = ["admin"]
const idOfUser = (name: string) => `user-${name}`

const shortestPassword = 12

const nameForm = /^[A-Za-z0-9][A-Za-z0-9_.@-]{0,127}$/
const nameRule = "letters, digits and _ . @ -, 128 at the most, and begins with a letter or a digit"

const refused = (pointer: string, message: string) => Effect.fail(RegistryError.from(invalid(pointer, message).reason))

const taken = (id: string, name: string) =>
  StoreError.from(new AlreadyExists({ collection, id, message: `There is a user called ${name} already` }))
