/** Asks before something is deleted, where a person is there to be asked. */
import process from "node:process"
import { Effect } from "effect"
import * as Flag from "effect/cli/Flag"
import { type Failed, failed } from "./Failure.ts"

export const yes = Flag.Boolean("yes").pipe(
  Flag.withAlias("y"),
  Flag.withDescription("Do not ask for confirmation"),
  Flag.withDefault(false),
)

/** Succeeds at once with `--yes`, or if standard input is not a terminal. */
export const ask = (question: string, isConfirmed: boolean): Effect.Effect<void, Failed> =>
  isConfirmed || !process.stdin.isTTY
    ? Effect.void
    : Effect.promise(async () => {
        const { createInterface } = await import("node:readline/promises")
        const lines = createInterface({ input: process.stdin, output: process.stderr })
        // At the end of the input there is no answer.
        const answer = await Promise.race([
          lines.question(`${question} [y/N] `),
          new Promise<string>((resolve) =>
            lines.once("close", () => {
              process.stderr.write("\n")
              resolve("")
            }),
          ),
        ])
        lines.close()
        return /^y(?:es)?$/i.test(answer.trim())
      }).pipe(Effect.flatMap((agreed) => (agreed ? Effect.void : Effect.fail(failed("nothing was deleted")))))
