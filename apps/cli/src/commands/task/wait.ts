import { Duration, Effect, Schedule } from "effect"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { failed } from "../../Failure.ts"
import * as Output from "../../Output.ts"
import * as Session from "../../Session.ts"
import { id } from "../Record.ts"

const ended = new Set<unknown>(["COMPLETED", "FAILED", "CANCELLED", "EXPIRED", "COMPLETED_WITH_ERROR"])

export const command = Command.make(
  "wait",
  {
    id,
    timeout: Flag.Int("timeout").pipe(Flag.withDescription("Maximum time to wait, in seconds"), Flag.withDefault(300)),
  },
  Effect.fnUntraced(function* ({ id, timeout }) {
    const { client, ask, output } = yield* Session.open
    const { value, text } = yield* ask(client.tasks.get({ params: { task_id: id }, query: {}, ...Session.whole })).pipe(
      Effect.repeat({ schedule: Schedule.spaced("500 millis"), until: ({ value }) => ended.has(value["state"]) }),
      Effect.timeoutOrElse({
        duration: Duration.seconds(timeout),
        orElse: () => Effect.fail(failed(`task ${id} did not end within ${timeout} s`)),
      }),
    )
    yield* Output.print(output, text, `Task ${id}: ${String(value["state"])}`, [id])
    if (value["state"] !== "COMPLETED") return yield* failed(`task ${id} ended as ${String(value["state"])}`)
  }),
).pipe(Command.withDescription("Wait until a task ends; fails unless its state is COMPLETED"))
