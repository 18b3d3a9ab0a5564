/** Connections to one origin, shared by the requests that are bound to it. */
import { BoundedMap } from "@drawbar/bounded-map/BoundedMap"
import { Cause, Effect, Exit, type Fiber, FiberSet, Result, type Scope } from "effect"
import type { SecureContext } from "node:tls"
import type { ConnectionEvent } from "../ConnectionEvent.ts"
import * as Destination from "../Destination.ts"
import type { EgressPool, EgressRequest, Limits, EgressResponse } from "../EgressPool.ts"
import { EgressError, OriginMismatch, PoolClosed, PoolExhausted } from "../EgressError.ts"
import type { EgressPolicy, Policy } from "../EgressPolicy.ts"
import type { Origin } from "../Origin.ts"
import type { Resolver } from "../Resolver.ts"
import * as Connection from "./Connection.ts"
import { PendingRequest, isSuccess, type Settle } from "./PendingRequest.ts"
import { BodyStream } from "./BodyStream.ts"
import type { Connect } from "./ConnectionSlot.ts"
import { SlotQueue } from "./SlotQueue.ts"

export interface Settings {
  readonly resolver: Resolver["Service"]
  readonly policies: EgressPolicy["Service"]
  readonly secureContext: SecureContext
  readonly verify: boolean
  readonly maxConnections: number
  readonly connectTimeoutMs: number
  readonly acquireTimeoutMs: number
  readonly observe?: ((event: ConnectionEvent) => void) | undefined
}

export const make = (bound: Origin, settings: Settings): Effect.Effect<EgressPool, never, Scope.Scope> =>
  Effect.gen(function* () {
    const fork = yield* FiberSet.makeRuntime<never, Connection.Connection, EgressError>()
    const pool = new OriginPool(bound, settings, fork)
    yield* Effect.addFinalizer(() => Effect.promise(() => pool.close()))
    return pool
  })

/** The state under one policy. When a setting changes, connections and decisions made before are not reused. */
interface PolicySnapshot {
  readonly policy: Policy
  readonly slots: SlotQueue
  /** By URL. */
  readonly destinations: BoundedMap<Destination.Destination>
}

type Fork = (open: ReturnType<typeof Connection.open>) => Fiber.Fiber<Connection.Connection, EgressError>

const maxWaiting = 10_000
/**
 * Most actions have one URL, or a few. A URL holds what a caller sends, so that both the number and the bytes of a pool's are bounded:
 * what does not fit is parsed again.
 */
const maxRemembered = 100
const maxRememberedBytes = 65_536
const maxRememberedUrl = 2_048

class OriginPool implements EgressPool {
  readonly origin: string
  readonly #bound: Origin
  readonly #settings: Settings
  readonly #fork: Fork
  readonly #past = new Set<Promise<void>>()
  #snapshot: PolicySnapshot

  constructor(bound: Origin, settings: Settings, fork: Fork) {
    this.origin = bound.origin
    this.#bound = bound
    this.#settings = settings
    this.#fork = fork
    this.#snapshot = this.#begin(settings.policies.current())
  }

  readonly state: EgressPool["state"] = () => {
    const { open, busy, waiting } = this.#snapshot.slots
    return { open, busy, waiting, resting: false }
  }

  readonly send: EgressPool["send"] = (request, limits) => this.#exchange(request, limits, undefined)

  readonly stream: EgressPool["stream"] = (request, limits) =>
    Effect.gen({ self: this }, function* () {
      const flow = new BodyStream()
      yield* Effect.addFinalizer(() => Effect.sync(() => flow.cancel()))
      const response = yield* this.#exchange(request, limits, flow)
      return { ...response, stream: isSuccess(response) ? flow : undefined }
    })

  #exchange(
    request: EgressRequest,
    limits: Limits,
    flow: BodyStream | undefined,
  ): Effect.Effect<EgressResponse, EgressError> {
    return Effect.callback((resume) => {
      const snapshot = this.#current()
      const admitted = this.#admit(request, snapshot)
      if (Result.isFailure(admitted)) return resume(Effect.fail(admitted.failure))
      const { slots } = snapshot
      const settle: Settle = (settled) => {
        leave?.()
        resume(Effect.fromResult(settled))
      }
      const exchange = new PendingRequest(admitted.success, request, limits, settle, flow)
      const leave = slots.enter(exchange)
      if (leave !== undefined)
        exchange.limitWait(slots.waiting > maxWaiting ? 0 : this.#settings.acquireTimeoutMs, this.#exhausted)
      return Effect.sync(() => {
        leave?.()
        exchange.cancel()
      })
    })
  }

  /** Rejects new requests and resolves when the pending ones have ended. */
  async close(): Promise<void> {
    await Promise.all([this.#snapshot.slots.close(), ...this.#past])
  }

  #current(): PolicySnapshot {
    const policy = this.#settings.policies.current()
    if (policy !== this.#snapshot.policy && !this.#snapshot.slots.closing) {
      const closing = this.#snapshot.slots.close()
      this.#past.add(closing)
      void closing.finally(() => this.#past.delete(closing))
      this.#snapshot = this.#begin(policy)
    }
    return this.#snapshot
  }

  #begin(policy: Policy): PolicySnapshot {
    const lanes = new SlotQueue(this.origin, this.#settings.maxConnections, this.#connect)
    return { policy, slots: lanes, destinations: new BoundedMap(remembered) }
  }

  readonly #connect: Connect = ({ destination }, done) => {
    const { resolver, policies, secureContext, verify, connectTimeoutMs, observe } = this.#settings
    const opening = Connection.open(destination, {
      resolver,
      policy: policies.current(),
      secureContext,
      verify,
      timeoutMs: connectTimeoutMs,
      observe,
    })
    this.#fork(opening).addObserver((exit) => {
      if (Exit.isSuccess(exit)) return done(null, exit.value)
      const error = Cause.squash(exit.cause)
      done(error instanceof EgressError ? error : EgressError.from(new PoolClosed({ origin: this.origin })), undefined)
    })
  }

  #admit(request: EgressRequest, snapshot: PolicySnapshot): Result.Result<Destination.Destination, EgressError> {
    if (snapshot.slots.closing) return Result.fail(EgressError.from(new PoolClosed({ origin: this.origin })))
    const known = snapshot.destinations.get(request.url)
    const destination = known === undefined ? this.#read(request.url, snapshot) : Result.succeed(known)
    const host = hostHeader(request.headers)?.toLowerCase()
    const { authority, port } = this.#bound
    const own = host === undefined || host === authority || host === `${authority}:${port}`
    return own ? destination : this.#mismatch(host)
  }

  #read(url: string, { policy, destinations }: PolicySnapshot): Result.Result<Destination.Destination, EgressError> {
    const destination = Destination.make(url, policy)
    if (Result.isFailure(destination)) return destination
    if (destination.success.origin !== this.origin) return this.#mismatch(destination.success.origin)
    if (url.length <= maxRememberedUrl) destinations.set(url, destination.success)
    return destination
  }

  get #exhausted() {
    return new PoolExhausted({ origin: this.origin, maxConnections: this.#settings.maxConnections })
  }

  #mismatch(found: string) {
    return Result.fail(EgressError.from(new OriginMismatch({ expected: this.origin, found })))
  }
}

const remembered = { entries: maxRemembered, bytes: maxRememberedBytes }

const hostHeader = (headers: EgressRequest["headers"]): string | undefined => {
  for (const name in headers) if (name.length === 4 && name.toLowerCase() === "host") return headers[name]
  return undefined
}
