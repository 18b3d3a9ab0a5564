/**
 * The parent of `--workers`: it serves no request. It holds the port, starts the workers and those that take the place of
 * fallen ones, passes signals on, and collects the metrics of all for the worker that is asked for them.
 */
import cluster, { type Worker } from "node:cluster"
import process from "node:process"
import type { Message } from "./Messages.ts"
import { isMessage } from "./Messages.ts"

/** In ms: how long a worker's metrics are waited for. */
const metricsTimeoutMillis = 1_000

/** In ms: the wait before a fallen worker is replaced, which doubles while workers fall before they serve. */
const restartMillis = { least: 100, most: 10_000 }

interface Terminal {
  readonly print: (text: string) => void
  readonly printError: (text: string) => void
}

/** Runs until a signal; returns the exit code. */
export const run = (count: number, { print, printError }: Terminal): Promise<number> =>
  new Promise((resolve) => {
    let isStopping = false
    let hasServed = false
    let restartAfter: number = restartMillis.least
    const serving = new Set<Worker>()
    const started = new Set<Worker>()

    // Workers accept connections themselves: one that the parent had handed to a worker that was killed would wait forever.
    cluster.schedulingPolicy = cluster.SCHED_NONE

    const start = () => {
      const worker = cluster.fork()
      started.add(worker)
      worker.on("message", (message: unknown) => isMessage(message) && receive(worker, message))
      worker.once("exit", (code, signal) => ended(worker, code, signal))
    }

    const receive = (worker: Worker, message: Message) => {
      if (message.drawbar === "ready") {
        serving.add(worker)
        restartAfter = restartMillis.least
        if (hasServed) return
        hasServed = true
        print(`${message.greeting}\n${count} workers serve it, one for each of ${count} processes.`)
        // The first has made the files and the tables that the others find.
        for (let i = 1; i < count; i++) start()
      } else if (message.drawbar === "metrics-wanted") {
        const others = [...serving].filter((other) => other !== worker)
        void Promise.all(others.map(metricsOf)).then((texts) => {
          if (worker.isConnected()) worker.send({ drawbar: "metrics-read", id: message.id, texts: texts.flat() })
        })
      }
    }

    const ended = (worker: Worker, code: number | null, signal: string | null) => {
      serving.delete(worker)
      started.delete(worker)
      if (isStopping) {
        if (started.size === 0) resolve(code === 0 || code === null ? 0 : 1)
        return
      }
      // It has said why.
      if (!hasServed) return resolve(code ?? 1)
      printError(`Worker ${worker.process.pid} ended (${signal ?? `exit code ${code}`}); another one starts.`)
      setTimeout(() => !isStopping && start(), restartAfter)
      restartAfter = Math.min(restartMillis.most, 2 * restartAfter)
    }

    const stop = (signal: NodeJS.Signals) => {
      if (isStopping) {
        for (const { process: child } of started) child.kill("SIGKILL")
        return resolve(1)
      }
      isStopping = true
      print("ShuttingDown: pending requests may finish within 30 s. Press Ctrl-C again to abort them.")
      for (const { process: child } of started) child.kill(signal)
      if (started.size === 0) resolve(0)
    }
    process.on("SIGTERM", () => stop("SIGTERM"))
    // A terminal sends Ctrl-C to the workers, too; for them it is the same signal, not a second one.
    process.on("SIGINT", () => stop("SIGTERM"))

    start()
  })

let lastId = 0

/** Nothing where the worker does not respond in time. */
const metricsOf = (worker: Worker): Promise<ReadonlyArray<string>> =>
  new Promise((resolve) => {
    const id = ++lastId
    const done = (texts: ReadonlyArray<string>) => {
      clearTimeout(timer)
      worker.off("message", receive)
      worker.off("exit", none)
      resolve(texts)
    }
    const none = () => done([])
    const receive = (message: unknown) => {
      if (isMessage(message) && message.drawbar === "metrics-read" && message.id === id) done(message.texts)
    }
    const timer = setTimeout(none, metricsTimeoutMillis)
    worker.on("message", receive)
    worker.once("exit", none)
    if (worker.isConnected()) worker.send({ drawbar: "metrics-wanted", id })
    else none()
  })
