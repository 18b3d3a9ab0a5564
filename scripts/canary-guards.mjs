// Writes sources that break the workspace's rules, each in another way, and expects the guards to refuse each: a guard that looks
// in the wrong place would find nothing and pass.
import { spawnSync } from "node:child_process"
import { rmSync, writeFileSync } from "node:fs"
import process from "node:process"

const folder = "packages/json-text/src"
const [first, second] = [`${folder}/CanaryFirst.ts`, `${folder}/CanarySecond.ts`]

const run = (command, ...args) => {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8" })
  return { status, output: `${stdout}${stderr}` }
}
const fail = (sentence) => {
  console.error(sentence)
  process.exitCode = 1
}
/** Expects a guard to fail and to name each of these. */
const expectRefused = (guard, { status, output }, names) => {
  const missed = names.filter((name) => !output.includes(name))
  if (status === 0 || missed.length > 0)
    fail(`${guard} ended with ${status} and lets pass: ${missed.join(", ")}\n${output}`)
}

// Spelled in pieces, so that this file passes the guard that it tests.
const words = [
  "h|e",
  "h|im",
  "h|is",
  "who|ever",
  "no|body",
  "some|body",
  "every|body",
  "who a|sks",
  "is t|old",
  "are t|old",
]
  .concat(["te|lls it that", "answ|ers the id", "m|ends", "m|ended", "an|ew", "err|ands", "is n|o folder"])
  .map((word) => word.replace("|", ""))
const places = [
  (word) => `// It ${word} x.`,
  (word) => `/** It ${word} x. */`,
  (word) => `void "It ${word} x."`,
  (word) => `void \`It ${word} x.\``,
]

try {
  for (const place of places) {
    writeFileSync(first, `${words.map(place).join("\n")}\nexport {}\n`)
    expectRefused(
      "words.mjs",
      run("node", "scripts/words.mjs", first),
      words.map((word) => `"${word.replace(/ (?:the id|x)$/, "")}`.replace(/ the id$/, "")),
    )
  }
  writeFileSync(first, `// There is no folder, the answers a caller gets, and no longer than this.\nexport {}\n`)
  const plain = run("node", "scripts/words.mjs", first)
  if (plain.status !== 0) fail(`words.mjs refuses plain English:\n${plain.output}`)

  const undeclared = ["undici", "vitest", "@drawbar/egress/Egress", "../../egress/src/Egress.ts"]
  const ways = undeclared.flatMap((name) => [
    `import * as a from "${name}"`,
    `import type { A } from "${name}"`,
    `export * from "${name}"`,
    `void import("${name}")`,
    `void import.meta.resolve("${name}")`,
    `type T = import("${name}").T`,
  ])
  writeFileSync(first, `${ways.join("\n")}\n`)
  const lines = ways.map((_, i) => `${first}:${i + 1} `)
  expectRefused("imports.mjs", run("node", "scripts/imports.mjs", first), lines)

  writeFileSync(first, `import type { B } from "./CanarySecond.ts"\nexport type A = B | 1\n${"//\n".repeat(400)}`)
  writeFileSync(second, `import type { A } from "./CanaryFirst.ts"\nexport type B = ReadonlyArray<A>\n`)
  expectRefused("oxlint", run("oxlint", "--quiet", first, second), ["no-cycle", "max-lines"])

  rmSync(second)
  writeFileSync(first, `export const unused = 1\n`)
  expectRefused("knip", run("knip", "--no-progress", "--no-config-hints"), ["CanaryFirst.ts"])
} finally {
  rmSync(first, { force: true })
  rmSync(second, { force: true })
}
