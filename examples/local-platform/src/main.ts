/** `LOCAL_PLATFORM_KEY=… pnpm start --port 8089`, or `--key …`. */
import process from "node:process"
import { parseArgs } from "node:util"
import * as LocalPlatform from "./LocalPlatform.ts"

const { values } = parseArgs({ options: { key: { type: "string" }, port: { type: "string", default: "8089" } } })
const key = values.key ?? process.env["LOCAL_PLATFORM_KEY"]
const port = Number(values.port)

if (key === undefined || key === "" || !Number.isInteger(port)) {
  process.stderr.write("Usage: LOCAL_PLATFORM_KEY=<any text> pnpm start [--port 8089], or --key <any text>\n")
  process.exit(2)
}

const platform = await LocalPlatform.start({ key, port })
process.stdout.write(`OpenAI-compatible embeddings at ${platform.url}/v1\n`)
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void platform.close())
