/**
 * Calls the targets of a model's route one after the other until one answers, before anything of an answer has gone to the caller and
 * within the time of one call.
 */
import * as Guardrails from "@drawbar/connector-runtime/call/Guardrails"
import type { Prediction } from "@drawbar/connector-runtime/call/Prediction"
import type { StreamFrame } from "@drawbar/connector-runtime/stream/PredictionStream"
import type { Caller } from "@drawbar/registry/access/Caller"
import { Cause, Clock, Effect, Exit, Scope } from "effect"
import type { Deployment } from "../deployment/Deployment.ts"
import { Deployments } from "../deployment/Deployments.ts"
import type { Failure } from "../deployment/DeploymentFailure.ts"
import type { WithGuardrails } from "../predict/GuardrailModels.ts"
import type { Call, PredictCalls, Requests } from "../predict/PredictCalls.ts"
import type { PolicyCall, PredictPolicy } from "../predict/PredictPolicy.ts"
import * as FallbackClass from "./FallbackClass.ts"
import * as Routing from "./Routing.ts"
import * as TargetProbe from "./TargetProbe.ts"

/** A call of one target. */
type Asked<A, R = never> = Effect.Effect<A, Failure | FallbackClass.TargetUnavailable<Failure>, R>

type Frames = AsyncIterable<ReadonlyArray<StreamFrame>>

export interface RoutedCalls {
  readonly execute: (call: Call) => Effect.Effect<Prediction, Failure>
  /** `ended` is called once a stream that has begun is over. */
  readonly stream: (call: Call, ended: () => void) => Effect.Effect<Frames, Failure, Scope.Scope>
  /** The requests of the target that would be asked first; nothing is sent, and no share is used up. */
  readonly dryRun: (call: PolicyCall) => Effect.Effect<Rendered, Failure>
  /** Fails where one of the models that a route may call is closed to the current principal, or to the caller's key. */
  readonly permitted: (deployment: Deployment, caller: Caller) => Effect.Effect<void, Failure>
}

/** Where a call is in the routings that lead to each other. */
interface Way {
  /** How many routings lead here. */
  readonly depth: number
  /** Shared by all routings of one call. */
  readonly asked: { count: number }
}

/** Routings that are followed one after the other; a model behind that many is called on its own connector. */
const maxDepth = 4
/** Targets of one call, those of all its routings together. */
const maxAsked = 32

/** The requests of the target that the next call would be given to. */
export interface Rendered {
  readonly requests: Requests
  /** Absent where the model has no routing. */
  readonly routing?: Chosen
}

/** What a dry run tells of a route. */
export interface Chosen {
  readonly policy: string
  readonly target: string
  /** All that would be asked where those before fail. */
  readonly order: ReadonlyArray<{ readonly target: string; readonly resting: boolean }>
}

/** What the caller gets where no target responds: the first failure, but not that a target is out of use where another one failed. */
interface Told {
  readonly failure: FallbackClass.FailureClass
  readonly said: Failure
}

/** A failure that says nothing about the upstream's load: to ask another target costs nothing of the budget. */
const isFree: ReadonlySet<FallbackClass.FailureClass> = new Set<FallbackClass.FailureClass>([
  "connect_failure",
  "circuit_open",
  "context_too_long",
  "unavailable",
])

export const make = Effect.fnUntraced(function* (
  policy: PredictPolicy,
  calls: PredictCalls,
  withGuardrails: WithGuardrails,
) {
  const deployments = yield* Deployments
  const clock = yield* Clock.Clock
  const probe = yield* TargetProbe.make

  /** Asks the targets in their order; `ask` makes the call of one. */
  const through = <A, R>(
    call: Call,
    route: Routing.Route,
    { asked: all }: Way,
    ask: (upstream: Routing.Upstream, call: Call) => Asked<A, R>,
  ): Effect.Effect<A, Failure, R> => {
    const { observer, deadline = Infinity } = call.context
    const begun = clock.currentTimeMillisUnsafe()
    const targets = Routing.order(route, begun, true)
    const until = Math.min(deadline, begun + route.longestCallMs)
    const bounded = { ...call, context: { ...call.context, deadline: until } }
    route.budget.earn()

    /** Where all targets fail, the budget keeps a call from being sent to each of them; one that is well is asked in any case. */
    const mayGoOn = (failure: FallbackClass.FailureClass, next: Routing.RouteTarget | undefined, now: number) => {
      if (next === undefined || now >= until || all.count >= maxAsked) return false
      if (failure !== "unavailable" && !route.fallbackOn.has(failure)) return false
      return isFree.has(failure) || route.budget.spend(now) || next.health.isReady(now)
    }

    const from = (at: number, why: string, before: Told | undefined): Effect.Effect<A, Failure, R> =>
      Effect.suspend(() => {
        const target = targets[at]
        if (target === undefined) return Effect.die(new Error("A route has no target"))
        all.count += 1
        observer?.targetAsked(target.name, why)
        const asked = target.health.begin()
        const askedAt = clock.currentTimeMillisUnsafe()
        return ask(target.upstream, bounded).pipe(
          Effect.onExit((exit) =>
            Effect.sync(() => {
              const now = clock.currentTimeMillisUnsafe()
              if (Exit.isSuccess(exit)) {
                observer?.targetAnswered()
                return asked.answered(now - askedAt, now)
              }
              const error = exit.cause.reasons.find(Cause.isFailReason)?.error
              // A caller whose time is over has waited for this target.
              const failure = error === undefined ? (now >= until ? "timeout" : undefined) : FallbackClass.of(error)
              if (failure === undefined) return FallbackClass.isAnswer(error) ? asked.refused() : asked.left()
              if (asked.failed(failure, FallbackClass.retryAfter(error), now)) probe(route, target)
            }),
          ),
          Effect.catch((error) => {
            const failure = FallbackClass.of(error)
            const said = error._tag === "TargetUnavailable" ? error.cause : error
            observer?.targetFailed(failure ?? "failed")
            if (failure === undefined) return Effect.fail(said)
            const told = before === undefined || before.failure === "unavailable" ? { failure, said } : before
            return mayGoOn(failure, targets[at + 1], clock.currentTimeMillisUnsafe())
              ? from(at + 1, failure, told)
              : Effect.fail(told.said)
          }),
        )
      })
    return from(0, route.policy, undefined)
  }

  const executeAll = (call: Call, way: Way): Effect.Effect<Prediction, Failure> => {
    const { route, targets } = call.deployment
    return route === undefined || way.depth === maxDepth
      ? calls.execute(call, targets[0].live)
      : through(call, route, way, (upstream, bounded) => executeOn(upstream, bounded, further(way)))
  }

  const executeOn = (upstream: Routing.Upstream, call: Call, way: Way): Asked<Prediction> => {
    const { context, input } = call
    if (upstream._tag === "Connector")
      return Effect.flatMap(opened(upstream, call), (live) => calls.execute(call, live))
    return deployments.use(upstream.id, (target) => {
      context.observer?.modelCalled(target.id)
      return policy.admit({ context, deployment: target, input, isTarget: true }, () =>
        Effect.flatMap(
          withGuardrails({ context, deployment: target, spending: call.spending }, (guardrails) =>
            executeAll(asCallOf(call, target, guardrails), way),
          ),
          (prediction) => Effect.fromResult(target.interface.output(prediction)),
        ),
      )
    })
  }

  const streamAll = (call: Call, way: Way, ended: () => void): Effect.Effect<Frames, Failure, Scope.Scope> => {
    const { route, targets } = call.deployment
    return route === undefined || way.depth === maxDepth
      ? calls.stream(call, targets[0].live, ended)
      : through(call, route, way, (upstream, bounded) =>
          closedOnFailure(streamOn(upstream, bounded, further(way), ended)),
        )
  }

  const streamOn = (
    upstream: Routing.Upstream,
    call: Call,
    way: Way,
    ended: () => void,
  ): Asked<Frames, Scope.Scope> => {
    const { context, input } = call
    if (upstream._tag === "Connector")
      return Effect.flatMap(opened(upstream, call), (live) => calls.stream(call, live, ended))
    return Effect.flatMap(deployments.hold(upstream.id), (target) => {
      context.observer?.modelCalled(target.id)
      return Effect.andThen(policy.hold({ context, deployment: target, input, isTarget: true, isStream: true }), () =>
        withGuardrails({ context, deployment: target, spending: call.spending }, (guardrails) =>
          streamAll(asCallOf(call, target, guardrails), way, ended),
        ),
      )
    })
  }

  /** `asked`: the models whose routings led to this one. */
  const dryRunOf = (call: PolicyCall, asked: ReadonlyArray<Deployment>): Effect.Effect<Rendered, Failure> =>
    Effect.gen(function* () {
      const { context, deployment, input, isStream = false } = call
      const { route, targets } = deployment
      if (route === undefined || asked.length === maxDepth)
        return { requests: yield* calls.dryRun(deployment, targets[0].live, input, isStream, asked) }
      const now = clock.currentTimeMillisUnsafe()
      const ordered = Routing.order(route, now, false)
      const [first] = ordered
      if (first === undefined) return yield* Effect.die(new Error("A route has no target"))
      const routing: Chosen = {
        policy: route.policy,
        target: first.name,
        order: ordered.map(({ name, health }) => ({ target: name, resting: !health.isReady(now) })),
      }
      const { upstream } = first
      if (upstream._tag === "Connector")
        return { routing, requests: yield* calls.dryRun(deployment, yield* upstream.open, input, isStream, asked) }
      const target = yield* deployments.inspect(upstream.id)
      yield* Effect.fromResult(policy.check({ context, deployment: target, input, isStream, isTarget: true }))
      const { requests } = yield* dryRunOf({ ...call, deployment: target }, [...asked, deployment])
      return { routing, requests }
    })

  const permittedAll = (
    { route }: Deployment,
    caller: Caller,
    seen: Set<string>,
    depth: number,
  ): Effect.Effect<void, Failure> => {
    if (route === undefined || depth === maxDepth) return Effect.void
    const next = route.targets.flatMap(({ upstream }) =>
      upstream._tag === "Model" && !seen.has(upstream.id) ? [upstream.id] : [],
    )
    return Effect.forEach(
      next,
      (id) => {
        seen.add(id)
        const open = Effect.flatMap(deployments.open(id), (target) => permittedAll(target, caller, seen, depth + 1))
        return Effect.andThen(Effect.fromResult(policy.forKey(caller.principal, id)), absentIsNoRefusal(open))
      },
      { discard: true },
    )
  }

  const routed: RoutedCalls = {
    execute: (call) => {
      call.context.observer?.modelCalled(call.deployment.id)
      return calls.counted(call, executeAll(call, beginning()))
    },
    stream: (call, ended) => {
      call.context.observer?.modelCalled(call.deployment.id)
      return calls.counted(call, streamAll(call, beginning(), ended))
    },
    dryRun: (call) => dryRunOf(call, []),
    permitted: (deployment, caller) => permittedAll(deployment, caller, new Set([deployment.id]), 0),
  }
  return routed
})

const beginning = (): Way => ({ depth: 0, asked: { count: 0 } })

const further = ({ depth, asked }: Way): Way => ({ depth: depth + 1, asked })

/** A target that is gone, or cannot be deployed, is passed by when it is asked. */
const absentIsNoRefusal = (checked: Effect.Effect<void, Failure>) =>
  Effect.catch(checked, (error) => (FallbackClass.of(error) === "unavailable" ? Effect.void : Effect.fail(error)))

/** What a stream holds that fails before its first piece is let go of at once. */
const closedOnFailure = <A, E, R>(stream: Effect.Effect<A, E, R | Scope.Scope>) =>
  Effect.flatMap(Effect.scope, (outer) =>
    Effect.flatMap(Scope.fork(outer), (own) =>
      Effect.onExit(Scope.provide(stream, own), (exit) =>
        Exit.isFailure(exit) ? Scope.close(own, exit) : Effect.void,
      ),
    ),
  )

const opened = ({ open }: Extract<Routing.Upstream, { _tag: "Connector" }>, { context, deployment }: Call) =>
  Effect.suspend(() => {
    context.observer?.modelCalled(deployment.id)
    return Effect.mapError(open, (cause) => new FallbackClass.TargetUnavailable({ cause }))
  })

/** A call of another model: what holds for that model holds for the call, too. */
const asCallOf = (call: Call, target: Deployment, guardrails: Guardrails.Guardrails): Call => ({
  ...call,
  deployment: target,
  guardrails: Guardrails.both(call.guardrails, guardrails),
})
