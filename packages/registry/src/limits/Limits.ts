/**
 * How often, and how much: rate limits, daily token quotas, budgets, and the wait after wrong passwords.
 *
 * A call takes what it may need before it is made (`reserve`), and corrects that when it has ended (`settle`), or gives it
 * back where it was not made (`release`). So the limits hold for calls side by side. One contract suite holds for every layer.
 */
import type { StoreError } from "@drawbar/document-store/StoreError"
import { Context, Data, type Effect } from "effect"
import type { RateLimit } from "../models/RateLimit.ts"
import type { BudgetWindow } from "../spend/BudgetWindow.ts"
import type { Moment } from "./Moment.ts"

/** Calls, of a rate limit. */
export interface RateClaim {
  readonly _tag: "Rate"
  readonly key: string
  readonly limit: RateLimit
  /** How many calls; 1 where absent. More than the limit allows at once pass when none of it is used, and hold up those that follow. */
  readonly calls?: number
}

/** Tokens of a day that ends at midnight, UTC. */
export interface TokenClaim {
  readonly _tag: "Tokens"
  readonly key: string
  readonly perDay: number
  /** What the call may take. Where less is left, it takes the rest; where nothing is left, it is refused. */
  readonly estimate: number
}

/** Money or tokens of a window. */
export interface BudgetClaim {
  readonly _tag: "Budget"
  readonly key: string
  readonly unit: keyof Spent
  readonly window: BudgetWindow
  /** In the unit. */
  readonly limit: number
  /** What the call may take. Where less is left, it takes the rest; where nothing is left, it is refused. */
  readonly estimate: number
}

/** What a call has cost; estimated where its provider does not say. */
export interface Spent {
  /** 1e-9 USD each, whole. */
  readonly nano_usd: number
  readonly tokens: number
}

export type Claim = RateClaim | TokenClaim | BudgetClaim

/** What a call has taken. The first of `settle` and `release` counts, and later ones do nothing. */
export interface Reservation {
  /** The call was made: its tokens replace the estimate, and what it has cost that of a budget. */
  readonly settle: (tokens: number, spent?: Spent) => Effect.Effect<void, StoreError>
  /** The call was not made: all is given back. */
  readonly release: Effect.Effect<void, StoreError>
}

/** A limit is reached, and nothing was taken from any. */
export class LimitReached extends Data.TaggedError("LimitReached")<{
  /** The index of the claim that is refused. */
  readonly claim: number
  /** In ms; `Infinity` where no wait helps. */
  readonly waitMillis: number
}> {}

/** Holds back password guesses; see `LoginThrottle`. */
export interface Logins {
  /** In ms: how long the next password of a name has to wait; nothing where it does not. */
  readonly wait: (name: string, now: Moment) => Effect.Effect<number | undefined, StoreError>
  readonly failed: (name: string, now: Moment) => Effect.Effect<void, StoreError>
  readonly succeeded: (name: string) => Effect.Effect<void, StoreError>
}

export class Limits extends Context.Service<
  Limits,
  {
    /** Takes from every limit, or from none. */
    readonly reserve: (
      claims: ReadonlyArray<Claim>,
      now: Moment,
    ) => Effect.Effect<Reservation, LimitReached | StoreError>
    readonly logins: Logins
  }
>()("@drawbar/registry/Limits") {}
