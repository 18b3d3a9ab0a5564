// Writes a source file that bypasses the egress guard in a different way on each line, and expects the linter to reject
// each line: a rule with a wrong pattern would silently reject nothing.
import { spawnSync } from "node:child_process"
import { rmSync, writeFileSync } from "node:fs"
import process from "node:process"

const file = "packages/http-api/src/Canary.ts"
const modules = ["net", "tls", "http", "https", "http2", "dgram"].flatMap((name) => [name, `node:${name}`])
const ways = [
  ...[...modules, "undici"].flatMap((name, i) => [
    `import default${i} from "${name}"`,
    `import * as all${i} from "${name}"`,
    `export * from "${name}"`,
    `import { connect as connect${i} } from "${name}"`,
    `import { request as request${i} } from "${name}"`,
    `import { Agent as Agent${i} } from "${name}"`,
  ]),
  `import { Socket } from "node:net"`,
  `import { ClientRequest } from "node:http"`,
  `import Dispatcher from "undici/lib/dispatcher/client.js"`,
  `import { createRequire } from "node:module"`,
  `void fetch("http://127.0.0.1")`,
  `void globalThis.fetch("http://127.0.0.1")`,
  `void globalThis["fetch"]("http://127.0.0.1")`,
  `void new WebSocket("ws://127.0.0.1")`,
  `void new globalThis.EventSource("http://127.0.0.1")`,
  `void process.getBuiltinModule("net")`,
]

try {
  writeFileSync(file, `${ways.join("\n")}\n`)
  const { stdout } = spawnSync("oxlint", ["--format=json", file], { encoding: "utf8" })
  const refused = new Set(
    JSON.parse(stdout)
      .diagnostics.filter(({ code }) => code.includes("no-restricted"))
      .flatMap(({ labels }) => labels.map(({ span }) => span.line)),
  )
  const missed = ways.filter((_, i) => !refused.has(i + 1))
  if (missed.length > 0) {
    console.error(`The linter allows network access without the egress guard:\n${missed.join("\n")}`)
    process.exitCode = 1
  }
} finally {
  rmSync(file)
}
