/**
 * Predicts at a fixed rate, whether earlier ones have been answered or not, while what they are answered with changes in steps; and whether
 * an answer is older than it may be.
 */
import { setTimeout as wait } from "node:timers/promises"

/** All times by `performance.now()`. */
export interface Answered {
  readonly caller: number
  readonly sentAt: number
  readonly receivedAt: number
  /** What identifies the step; a later one may have the same. */
  readonly content: string
}

export interface Step {
  readonly content: string
  readonly begunAt: number
  readonly acknowledgedAt: number
}

export interface Result {
  readonly answers: ReadonlyArray<Answered>
  readonly failures: ReadonlyArray<string>
  /** How many were answered each second. */
  readonly rate: number
  /** How long after its time a call was sent at most, in ms. */
  readonly behindMillis: number
}

/** `send` returns the content, or throws. */
export const start = (perSecond: number, callers: number, send: (caller: number) => Promise<string>) => {
  const answers: Array<Answered> = []
  const failures: Array<string> = []
  const open = new Set<Promise<void>>()
  const began = performance.now()
  const done = new AbortController()
  let behindMillis = 0
  const one = async (caller: number) => {
    const sentAt = performance.now()
    try {
      const content = await send(caller)
      answers.push({ caller, sentAt, receivedAt: performance.now(), content })
    } catch (failure) {
      failures.push(String(failure))
    }
  }
  const running = (async () => {
    for (let n = 0; !done.signal.aborted; n++) {
      const at = began + (n * 1_000) / perSecond
      const early = at - performance.now()
      if (early > 0) await wait(early)
      behindMillis = Math.max(behindMillis, performance.now() - at)
      const call = one(n % callers).finally(() => open.delete(call))
      open.add(call)
    }
  })()
  return {
    stop: async (): Promise<Result> => {
      done.abort()
      const seconds = (performance.now() - began) / 1_000
      await running
      await Promise.all(open)
      return { answers, failures, rate: answers.length / seconds, behindMillis }
    },
  }
}

/** The first step from `least` on that the answer can be of. */
const stepOf = (steps: ReadonlyArray<Step>, { content, receivedAt }: Answered, least: number): number | undefined => {
  const found = steps.findIndex((step, i) => i >= least && step.content === content && step.begunAt <= receivedAt)
  return found === -1 ? undefined : found
}

/**
 * Answers that are older than the last step acknowledged so long before they were sent, or than one that their caller had
 * seen so long before.
 */
export const tooOld = (
  steps: ReadonlyArray<Step>,
  answers: ReadonlyArray<Answered>,
  boundMillis: number,
): ReadonlyArray<Answered> => {
  const found: Array<Answered> = []
  for (const caller of new Set(answers.map((answer) => answer.caller))) {
    const own = answers.filter((answer) => answer.caller === caller).toSorted((a, b) => a.sentAt - b.sentAt)
    /** What the caller has seen, until it counts. */
    let seen: Array<{ readonly step: number; readonly at: number }> = []
    let least = 0
    for (const answer of own) {
      const counts = answer.sentAt - boundMillis
      for (const { step, at } of seen) if (at <= counts) least = Math.max(least, step)
      seen = seen.filter(({ at }) => at > counts)
      const acknowledged = steps.findLastIndex((step) => step.acknowledgedAt <= counts)
      const step = stepOf(steps, answer, Math.max(least, acknowledged, 0))
      if (step === undefined) found.push(answer)
      else seen.push({ step, at: answer.receivedAt })
    }
  }
  return found
}

/** Of each step but the first: how long after it was acknowledged the last call was sent that an earlier one answered, in ms. */
export const staleness = (steps: ReadonlyArray<Step>, answers: ReadonlyArray<Answered>): ReadonlyArray<number> =>
  steps.slice(1).map(({ acknowledgedAt, content }, i) => {
    const until = steps[i + 2]?.begunAt ?? Infinity
    const stale = answers.filter(
      (answer) => answer.sentAt > acknowledgedAt && answer.receivedAt < until && answer.content !== content,
    )
    return Math.max(0, ...stale.map(({ sentAt }) => sentAt - acknowledgedAt))
  })

export const percentile = (values: ReadonlyArray<number>, share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN
