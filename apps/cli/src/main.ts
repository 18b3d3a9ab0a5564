/** The entry point: arguments in, an exit code out. 0 success, 1 failure, 2 invalid usage. */
import process from "node:process"
import * as Cli from "./Cli.ts"

const [command, ...rest] = process.argv.slice(2)

process.exitCode =
  command === "serve"
    ? await (await import("@drawbar/server/Serve")).run(rest, process.env)
    : await Cli.run(process.argv.slice(2))
