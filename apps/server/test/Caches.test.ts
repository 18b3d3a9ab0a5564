/** Each collection that can grow is a decision: docs/decisions/0014-caches.md says what bounds it. */
import { globSync, readFileSync } from "node:fs"
import { basename, join } from "node:path"
import { assert, it } from "vitest"

const root = join(import.meta.dirname, "../../..")
const page = readFileSync(join(root, "docs/decisions/0014-caches.md"), "utf8")

/** Begins empty, so that something is added later; one that is made of a list is as long as the list. */
const growing = /new (?:Weak)?(?:Map|Set)(?:<[^(]*>)?\(\)|new BoundedMap\b|RcMap\.make\(/

const sources = globSync("{packages,apps}/*/src/**/*.ts", { cwd: root }).filter(
  (path) => !path.includes("stub-platform") && growing.test(readFileSync(join(root, path), "utf8")),
)

it("finds the collections of the sources", () => assert.isAbove(sources.length, 30))

it.each(sources)("%s is named on the page of caches", (path) =>
  assert.match(page, new RegExp(`\\b${basename(path, ".ts")}\\b`)),
)
