/**
 * Steps that come together share the processor with what else the event loop has to do: they run for so long in one turn of the loop, and
 * the rest in the next. Those that wait take turns by principal, in shares of the processor and not of steps: one principal's many long
 * steps do not delay another's few short ones.
 * Sources: https://nodejs.org/en/learn/asynchronous-work/event-loop-timers-and-nexttick and
 * https://dl.acm.org/doi/10.1145/217391.217453 (deficit round robin; here the cost of a step is known once it has run, so that it is owed)
 */
import { performance } from "node:perf_hooks"
import { type Share, make as makeShare } from "./Share.ts"

const { nodeTiming } = performance

/** Of one turn. */
const sliceMs = 20

/** What a share may use before the next one's turn. */
const quantumMs = 20

/** The turn that `isFree` was asked in last, as the loop counts them, and when it was asked first, by `performance.now()`. */
let turn = -1
let began = 0

/** The shares that have steps waiting, the next one first. */
const ready: Array<Share> = []

/** Whether those that wait are run in this turn or the next. */
let isScheduled = false

/** For steps of the server itself. */
const own = makeShare()

const resolved = Promise.resolve()

/** Runs a step right after what runs now. `queueMicrotask` would make an asynchronous resource for each. */
export const soon = (run: () => void): void => void resolved.then(run)

/** Runs a step soon, and never from inside its caller. */
export const take = (run: () => void, share: Share = own): void => {
  if (isFree()) soon(run)
  else wait(run, share)
}

/** Whether a step may run at once: none waits, and this turn has time left. It is asked for each request, so that it schedules nothing. */
export const isFree = (): boolean => {
  if (ready.length > 0) return false
  const now = performance.now()
  const current = nodeTiming.uvMetricsInfo.loopCount
  if (current === turn) return now - began <= sliceMs
  turn = current
  began = now
  return true
}

/** Resolves when it is the share's turn. */
export const next = (share?: Share): Promise<void> => new Promise((resume) => take(resume, share))

/** In ms: how long the oldest waiting step has waited. */
export const behind = (): number => {
  let since = Infinity
  for (const { waiting } of ready) since = Math.min(since, waiting.first?.since ?? Infinity)
  return since === Infinity ? 0 : performance.now() - since
}

const wait = (run: () => void, share: Share) => {
  if (share.waiting.first === undefined) ready.push(share)
  share.waiting.add({ run, since: performance.now() })
  if (isScheduled) return
  isScheduled = true
  setImmediate(runReady)
}

const runReady = () => {
  turn = nodeTiming.uvMetricsInfo.loopCount
  began = performance.now()
  runNext(began + sliceMs)
}

const runNext = (until: number) => {
  isScheduled = ready.length > 0
  if (!isScheduled) return
  const started = performance.now()
  if (started > until) return void setImmediate(runReady)
  const share = nextShare()
  const step = share.waiting.take()
  if (share.waiting.first === undefined) ready.shift()
  // A promise that the step resolves goes on in a microtask, queued before this one: its work is counted, too.
  const ended = () => {
    share.credit -= performance.now() - started
    runNext(until)
  }
  try {
    step?.run()
  } finally {
    queueMicrotask(ended)
  }
}

/** The share whose turn it is: the first that owes nothing. Each that is passed by has a quantum more. */
const nextShare = (): Share => {
  for (let passed = 0; passed <= ready.length; passed++) {
    const [share] = ready
    if (share === undefined || share.credit > 0) return share ?? own
    earn(share, quantumMs)
    ready.push(...ready.splice(0, 1))
  }
  // All owe more than a quantum: as many rounds as the least of them needs, at once.
  let most = -Infinity
  for (const { credit } of ready) most = Math.max(most, credit)
  for (const share of ready) earn(share, quantumMs * Math.ceil((1 - most) / quantumMs))
  return nextShare()
}

/** What is not used is not saved: beyond a quantum nothing is earned. */
const earn = (share: Share, millis: number) => {
  share.credit = Math.min(quantumMs, share.credit + millis)
}
