/**
 * Answers that come together are gone on with for so long only, and the rest in the next turn of the event loop: between them it
 * gets to those who ask, however much work each answer is.
 * Source: https://nodejs.org/en/learn/asynchronous-work/event-loop-timers-and-nexttick
 */
import { performance } from "node:perf_hooks"

/** In ms, of one turn. */
const sliceMs = 20

interface Step {
  readonly run: () => void
  /** By `performance.now()`. */
  readonly since: number
}

/** When the first of this turn began, by `performance.now()`. */
let began: number | undefined
let waiting: Array<Step> = []

/** Runs a step soon, and never from inside its caller. */
export const take = (run: () => void): void => {
  if (began === undefined) begin()
  if (waiting.length > 0 || isOver()) waiting.push({ run, since: performance.now() })
  else queueMicrotask(run)
}

/** Resolves when it is one's turn. */
export const next = (): Promise<void> => new Promise((resume) => take(resume))

/** In ms: how long the first of those that wait has waited. */
export const behind = (): number => {
  const [first] = waiting
  return first === undefined ? 0 : performance.now() - first.since
}

const begin = () => {
  began = performance.now()
  setImmediate(end)
}

const isOver = () => performance.now() - (began ?? 0) > sliceMs

const end = () => {
  began = undefined
  if (waiting.length === 0) return
  begin()
  const steps = waiting
  waiting = []
  let done = 0
  for (; done < steps.length && !isOver(); done++) steps[done]?.run()
  waiting = [...steps.slice(done), ...waiting]
}
