import process from "node:process"
import * as Serve from "./Serve.ts"

process.exit(await Serve.run(process.argv.slice(2), process.env))
