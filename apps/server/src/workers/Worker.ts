/** A worker's link to its parent. */
import cluster from "node:cluster"
import process from "node:process"
import * as MetricsSum from "@drawbar/http-server/telemetry/MetricsSum"
import { Effect } from "effect"
import { isMessage, type Message } from "./Messages.ts"

export const isWorker = (): boolean => cluster.isWorker

const send = (message: Message) => void process.send?.(message)

/** Says that this worker serves. */
export const ready = (greeting: string): void => send({ drawbar: "ready", greeting })

/** In ms: a little longer than the parent waits for the others. */
const timeoutMillis = 1_500

/** The metrics of all workers, from those of this one; others read these from here. */
export const metrics = (own: Effect.Effect<string>): Effect.Effect<string> => {
  let lastId = 0
  process.on("message", (message: unknown) => {
    if (!isMessage(message) || message.drawbar !== "metrics-wanted") return
    const { id } = message
    Effect.runFork(Effect.map(own, (text) => send({ drawbar: "metrics-read", id, texts: [text] })))
  })
  const others = Effect.callback<ReadonlyArray<string>>((resume) => {
    const id = --lastId
    const receive = (message: unknown) => {
      if (isMessage(message) && message.drawbar === "metrics-read" && message.id === id)
        resume(Effect.succeed(message.texts))
    }
    process.on("message", receive)
    send({ drawbar: "metrics-wanted", id })
    return Effect.sync(() => void process.off("message", receive))
  }).pipe(Effect.timeoutOrElse({ duration: timeoutMillis, orElse: () => Effect.succeed([]) }))
  return Effect.zipWith(own, others, (text, texts) => MetricsSum.of([text, ...texts]))
}
