/** The entry point: arguments in, an exit code out. 0 success, 1 failure, 2 invalid usage. */
import process from "node:process"
import * as ClosedPipe from "./ClosedPipe.ts"

const [command, ...rest] = process.argv.slice(2)

// Neither loads the other's modules.
if (command === "serve") process.exit(await (await import("@drawbar/server/Serve")).run(rest, process.env))
else {
  ClosedPipe.endQuietly()
  process.exitCode = await (await import("./Cli.ts")).run(process.argv.slice(2))
}
