/** The server as a program: flags in, messages and an exit code out. */
import process from "node:process"
import { setFlagsFromString } from "node:v8"
import { version } from "@drawbar/http-api/routes/Version"
import * as SafeErrorText from "@drawbar/http-server/http/SafeErrorText"
import { Effect, Exit, Logger, References, Result } from "effect"
import * as CommandName from "./options/CommandName.ts"
import * as AccessLog from "./telemetry/AccessLog.ts"
import * as Flags from "./options/Flags.ts"
import * as ServeCommand from "./options/ServeCommand.ts"
import * as WarmUp from "./WarmUp.ts"
import * as UnknownVariables from "./options/UnknownVariables.ts"
import * as FreePort from "./options/FreePort.ts"
import * as Worker from "./workers/Worker.ts"
import * as Server from "./Server.ts"
import * as StartOptions from "./options/StartOptions.ts"

const optimizeEarly = () => setFlagsFromString(`--invocation-count-for-turbofan=${WarmUp.callsUntilOptimized}`)

const print = (text: string) => process.stdout.write(`${text}\n`)
const printError = (text: string) => process.stderr.write(`${text}\n`)

// The reader of the output may close it (`| head`); the server keeps running.
const ignoreClosedPipes = () => {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {})
}

// The runtime would print the thrown value, including any secret that it quotes.
const crash = (thrown: unknown) => {
  printError(`Drawbar crashed: ${SafeErrorText.describe(thrown)}`)
  process.exit(1)
}

/** Settles at the first signal, which may come before the server listens. A worker leaves Ctrl-C, and the second signal, to its parent. */
const firstSignal = (isWorker: boolean) =>
  new Promise<void>((resolve) => {
    let isStopping = false
    for (const signal of ["SIGINT", "SIGTERM"] as const)
      process.on(signal, () => {
        if (isWorker && signal === "SIGINT") return
        if (isStopping && !isWorker) process.exit(1)
        isStopping = true
        resolve()
      })
  })

const serve = (flags: Flags.Flags, environment: NodeJS.ProcessEnv) =>
  Effect.scoped(
    Effect.gen(function* () {
      const isWorker = Worker.isWorker()
      const signalled = firstSignal(isWorker)
      const options = yield* StartOptions.fromFlags(flags, environment)
      const log = AccessLog.make()
      yield* Effect.addFinalizer(() => Effect.sync(log.flush))
      let isWarmingUp = flags.warmsUp
      const running = yield* Server.listen({
        ...options,
        isWarmingUp: () => isWarmingUp,
        ...(flags.logsRequests ? { accessLog: log.write } : {}),
        ...(isWorker ? { sharesFile: true, gatherMetrics: Worker.metrics } : {}),
      })
      const report = isWorker ? Worker.ready : print
      report(greeting(options, running))
      if (isWarmingUp)
        yield* Effect.forkScoped(
          Effect.andThen(
            WarmUp.run,
            Effect.sync(() => (isWarmingUp = false)),
          ),
        )
      yield* Effect.promise(() => signalled)
      if (!isWorker) print("ShuttingDown: pending requests may finish within 30 s. Press Ctrl-C again to abort them.")
    }),
  )

/** The command's default URL of a server. */
const defaultUrl = "http://127.0.0.1:9200"

/** Addresses to listen on that a client cannot connect to. */
const anyAddress = /0\.0\.0\.0|\[::\]/

const greeting = (
  { files, auth }: StartOptions.StartOptions,
  { url, keyRingIsNew, databaseIsEmpty, adminIsNew }: Server.Running,
) =>
  [
    `Drawbar ${version} listens on ${url}`,
    files === undefined
      ? "Records and keys are kept in memory and lost when the server stops."
      : `Records are stored in ${files.database}, encryption keys in ${typeof files.keyring === "string" ? files.keyring : files.keyring.source}.`,
    ...(files !== undefined && keyRingIsNew
      ? [
          `The key ring is new. Back it up separately from the records: without it, stored credentials cannot be decrypted. For the records: drawbar backup records.db`,
        ]
      : []),
    ...(files !== undefined && databaseIsEmpty
      ? [
          `The key ring already existed, but the database ${files.database} is empty. If you expected records, stop the server and check --data and --keyring.`,
        ]
      : []),
    ...(adminIsNew ? ["The first admin was created: its API key is the one that this server was given."] : []),
    ...(auth === true
      ? ["Authentication is required; the drawbar command takes an API key from DRAWBAR_API_KEY."]
      : []),
    `Next, in another terminal: ${CommandName.of(process.env)} blueprint list${url === defaultUrl ? "" : ` --url ${url.replace(anyAddress, "localhost")}`}`,
  ].join("\n")

const messageOf = async (failure: Effect.Error<ReturnType<typeof serve>>): Promise<string> =>
  failure._tag === "ListenError" && failure.code === "EADDRINUSE"
    ? `Port ${failure.port} is in use. Start Drawbar with --port ${await FreePort.near(failure.host, failure.port)}, which is free.`
    : failure.message

/** Serves until a signal. 0 stopped normally, 1 failed to start or was aborted, 2 invalid flags. */
export const run = async (args: ReadonlyArray<string>, environment: NodeJS.ProcessEnv): Promise<number> => {
  const parsed = ServeCommand.parse(args)
  if (parsed._tag === "Shown") print(parsed.text)
  if (parsed._tag === "Invalid") printError(parsed.text)
  if (parsed._tag !== "Given") return parsed._tag === "Shown" ? 0 : 2
  const flags = Flags.of(parsed.values, environment)
  if (Result.isFailure(flags)) {
    printError(ServeCommand.invalid([flags.failure]))
    return 2
  }
  for (const warning of UnknownVariables.warnings(environment)) printError(warning)
  ignoreClosedPipes()
  optimizeEarly()
  // Its files (records, keys, the audit log) are readable by its own user only.
  process.umask(0o077)
  process.on("uncaughtException", crash)
  if (flags.success.workers > 1 && !Worker.isWorker())
    return (await import("./workers/Parent.ts")).run(flags.success.workers, { print, printError })
  const exit = await Effect.runPromiseExit(
    serve(flags.success, environment).pipe(
      Effect.result,
      Effect.provideService(References.MinimumLogLevel, "Warn"),
      Effect.provideService(Logger.LogToStderr, true),
    ),
  )
  if (Exit.isFailure(exit)) {
    printError(`Drawbar failed: ${SafeErrorText.describe(exit.cause)}`)
    return 1
  }
  if (Result.isSuccess(exit.value)) return 0
  printError(await messageOf(exit.value.failure))
  return 1
}
