/** Runs the platform of `demo/DemoPlatform`. */
import process from "node:process"
import { Console, Effect } from "effect"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { defaultPort } from "../demo/DemoBlueprints.ts"
import { failed, wrongUse } from "../Failure.ts"
import * as NextCommand from "../NextCommand.ts"
import * as Session from "../Session.ts"

export const command = Command.make(
  "demo",
  {
    port: Flag.Int("port").pipe(
      Flag.withDescription("The port to listen on; 0 picks a free one"),
      Flag.withDefault(defaultPort),
    ),
  },
  Effect.fnUntraced(function* ({ port }) {
    if (port < 0 || port > 65_535) return yield* wrongUse(`--port ${port} must be a number from 0 to 65535`)
    const { again } = yield* Session.open
    // Loads lazily what only this command needs.
    const { start } = yield* Effect.promise(() => import("../demo/DemoPlatform.ts"))
    yield* Effect.scoped(
      Effect.gen(function* () {
        const platform = yield* Effect.acquireRelease(
          Effect.tryPromise({
            try: () => start(port),
            catch: (cause) =>
              failed(
                Reflect.get(Object(cause), "code") === "EADDRINUSE"
                  ? `port ${port} is in use. Choose another: drawbar demo --port 0`
                  : `the demo cannot listen on port ${port}: ${cause instanceof Error ? cause.message : String(cause)}`,
              ),
          }).pipe(Effect.catch((failure) => failure)),
          ({ close }) => Effect.promise(close),
        )
        yield* Console.log(greeting(platform.port, again))
        yield* untilSignal
      }),
    )
  }),
).pipe(
  Command.withDescription("Run a chat and an embedding model on this machine, for trying Drawbar without a key"),
  Command.withExamples([{ command: "drawbar demo" }]),
)

const greeting = (port: number, again: string): string => {
  const endpoint = port === defaultPort ? "" : ` --set endpoint=127.0.0.1:${port}`
  return [
    `The demo platform listens on http://127.0.0.1:${port}. It has no language model: its chat repeats what it reads,`,
    "its embeddings are hashes of words. The same request has the same answer; use it to try Drawbar, not for results.",
    `Next, in another terminal, beside \`${NextCommand.drawbar} serve\`:`,
    `  ${NextCommand.drawbar} trust http://127.0.0.1:${port}${again}`,
    `  ${NextCommand.drawbar} blueprint use demo-chat${endpoint}${again}`,
    `or, for embeddings:`,
    `  ${NextCommand.drawbar} blueprint use demo-embeddings${endpoint}${again}`,
  ].join("\n")
}

const untilSignal = Effect.callback<void>((resume) => {
  const stop = () => resume(Effect.void)
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, stop)
  return Effect.sync(() => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, stop)
  })
})
