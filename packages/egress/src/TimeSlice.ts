/**
 * Limits how long responses that arrive together are processed in one turn of the event loop; the rest continue in the
 * next turn. New requests are accepted in between, however expensive each response is. Source:
 * https://nodejs.org/en/learn/asynchronous-work/event-loop-timers-and-nexttick
 */
import { performance } from "node:perf_hooks"

/** In ms, per turn. */
const sliceMs = 20

interface Step {
  readonly run: () => void
  /** By `performance.now()`. */
  readonly since: number
}

/** When the current slice began, by `performance.now()`. */
let sliceStart: number | undefined
let waiting: Array<Step> = []

/** Runs a step soon, but never synchronously within the caller. */
export const take = (run: () => void): void => {
  if (sliceStart === undefined) beginSlice()
  if (waiting.length > 0 || isSliceOver()) waiting.push({ run, since: performance.now() })
  else queueMicrotask(run)
}

/** Resolves when the caller may continue. */
export const next = (): Promise<void> => new Promise((resume) => take(resume))

/** In ms: how long the oldest waiting step has waited. */
export const behind = (): number => {
  const [first] = waiting
  return first === undefined ? 0 : performance.now() - first.since
}

const beginSlice = () => {
  sliceStart = performance.now()
  setImmediate(endSlice)
}

const isSliceOver = () => performance.now() - (sliceStart ?? 0) > sliceMs

const endSlice = () => {
  sliceStart = undefined
  if (waiting.length === 0) return
  beginSlice()
  const steps = waiting
  waiting = []
  let done = 0
  for (; done < steps.length && !isSliceOver(); done++) steps[done]?.run()
  waiting = [...steps.slice(done), ...waiting]
}
