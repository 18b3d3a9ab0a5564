/** The server as a program: flags in, sentences and an exit code out. */
import process from "node:process"
import { version } from "@drawbar/http-api/routes/Version"
import * as SafeErrorText from "@drawbar/http-server/http/SafeErrorText"
import { Effect, Exit, Logger, References, Result } from "effect"
import * as AccessLog from "./telemetry/AccessLog.ts"
import * as FlagTable from "./options/FlagTable.ts"
import * as Flags from "./options/Flags.ts"
import * as FreePort from "./options/FreePort.ts"
import * as Server from "./Server.ts"
import * as StartOptions from "./options/StartOptions.ts"

const say = (text: string) => process.stdout.write(`${text}\n`)
const complain = (text: string) => process.stderr.write(`${text}\n`)

// Who reads what is said may go away (`| head`): the server serves on.
const unheard = () => {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {})
}

// The runtime would print what was thrown, and with it what it quotes.
const crash = (thrown: unknown) => {
  complain(`Drawbar crashed: ${SafeErrorText.describe(thrown)}`)
  process.exit(1)
}

const untilSignal = Effect.callback<void>((resume) => {
  let isStopping = false
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.on(signal, () => {
      if (isStopping) process.exit(1)
      isStopping = true
      resume(Effect.void)
    })
})

const serve = (flags: Flags.Flags, environment: NodeJS.ProcessEnv) =>
  Effect.scoped(
    Effect.gen(function* () {
      const options = yield* StartOptions.fromFlags(flags, environment)
      const log = AccessLog.make()
      yield* Effect.addFinalizer(() => Effect.sync(log.flush))
      const running = yield* Server.listen(flags.logsRequests ? { ...options, accessLog: log.write } : options)
      say(greeting(options, running))
      yield* untilSignal
      say("ShuttingDown: requests under way may end, for up to 30 s. Press Ctrl-C again to cut them off.")
    }),
  )

/** Where the command looks for a server unless it is told. */
const usual = "http://127.0.0.1:9200"

/** Where one listens, and where nobody can be asked. */
const everywhere = /0\.0\.0\.0|\[::\]/

const greeting = ({ files, auth }: StartOptions.StartOptions, { url, keyRingIsNew, databaseIsEmpty }: Server.Running) =>
  [
    `Drawbar ${version} listens on ${url}`,
    files === undefined
      ? "Records and keys are in memory, and gone when it stops."
      : `Records are in ${files.database}, the keys that seal their credentials in ${typeof files.keyring === "string" ? files.keyring : files.keyring.source}.`,
    ...(files !== undefined && keyRingIsNew
      ? [`The key ring is new. Back it up, apart from the records: without it no stored credential can be read again.`]
      : []),
    ...(files !== undefined && databaseIsEmpty
      ? [
          `The key ring was there before, but the database ${files.database} is empty. If you expected records, stop the server and check --data and --keyring.`,
        ]
      : []),
    ...(auth === true ? ["Everybody has to say who he is; the command takes an API key from DRAWBAR_API_KEY."] : []),
    `Next, in another terminal: npx -y pnpm@12.21.0 --silent drawbar blueprint list${url === usual ? "" : ` --url ${url.replace(everywhere, "localhost")}`}`,
  ].join("\n")

const sentenceOf = async (failure: Effect.Error<ReturnType<typeof serve>>): Promise<string> =>
  failure._tag === "ListenError" && failure.code === "EADDRINUSE"
    ? `Port ${failure.port} is taken by another program. Start Drawbar with --port ${await FreePort.near(failure.host, failure.port)}, which is free.`
    : failure.message

/** Serves until a signal. 0 stopped as asked, 1 could not start or was cut off, 2 wrong flags. */
export const run = async (args: ReadonlyArray<string>, environment: NodeJS.ProcessEnv): Promise<number> => {
  const flags = Flags.read(args, environment)
  if (Result.isFailure(flags)) {
    complain(`${FlagTable.usage}\n${flags.failure}`)
    return 2
  }
  if (flags.success.help) {
    say(FlagTable.usage)
    return 0
  }
  unheard()
  // What it writes is for its own user: records, keys, the audit log.
  process.umask(0o077)
  process.on("uncaughtException", crash)
  const exit = await Effect.runPromiseExit(
    serve(flags.success, environment).pipe(
      Effect.result,
      Effect.provideService(References.MinimumLogLevel, "Warn"),
      Effect.provideService(Logger.LogToStderr, true),
    ),
  )
  if (Exit.isFailure(exit)) {
    complain(`Drawbar failed: ${SafeErrorText.describe(exit.cause)}`)
    return 1
  }
  if (Result.isSuccess(exit.value)) return 0
  complain(await sentenceOf(exit.value.failure))
  return 1
}
