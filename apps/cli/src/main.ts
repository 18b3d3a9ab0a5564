/** The entry point: arguments in, an exit code out. 0 success, 1 failure, 2 invalid usage. */
import process from "node:process"
import * as ClosedPipe from "./ClosedPipe.ts"

const [command, ...rest] = process.argv.slice(2)

// Neither loads the other's modules.
if (command === "serve") process.exit(await (await import("@drawbar/server/Serve")).run(rest, process.env))
else {
  ClosedPipe.endQuietly()
  Object.assign(globalThis, { FormData: NoFormData })
  process.exitCode = await (await import("./Cli.ts")).run(process.argv.slice(2))
}

/** The client asks whether a body is a FormData, which none is; to read Node's own loads all of `fetch`, in 20 ms. */
function NoFormData() {}
