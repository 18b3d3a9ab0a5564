// Writes all generated files again: the catalogue's requests and predictions, the pages of lint, access, errors and flags, the index
// of decisions, the packages' graph, the schema for editors.
import { spawnSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const docs = (name) => join(root, "docs", name)

const { jsonSchema } = await import("../packages/blueprint-schema/src/BlueprintJsonSchema.ts")
const { markdown } = await import("../tools/docs/src/RuleDocs.ts")
const parameters = await import("../tools/docs/src/ParametersPage.ts")
const access = await import("../tools/docs/src/AccessPage.ts")
const bounds = await import("../tools/docs/src/BoundsPage.ts")
const configuration = await import("../tools/docs/src/ConfigurationPage.ts")
const decisions = await import("../tools/docs/src/DecisionIndex.ts")
const errors = await import("../tools/docs/src/ErrorPage.ts")
writeFileSync(docs("blueprint.schema.json"), `${JSON.stringify(jsonSchema, null, 2)}\n`)
writeFileSync(docs("lint.md"), markdown())
writeFileSync(docs("parameters.md"), parameters.markdown())
writeFileSync(docs("access.md"), access.markdown())
writeFileSync(docs("decisions/README.md"), decisions.markdown())
writeFileSync(docs("errors.md"), errors.markdown())
writeFileSync(docs("configuration.md"), configuration.inPage(readFileSync(docs("configuration.md"), "utf8")))
writeFileSync(docs("operating.md"), bounds.inPage(readFileSync(docs("operating.md"), "utf8")))

const recorded = await import("../apps/server/test/RecordedDifferences.ts")
const compatibility = readFileSync(docs("compatibility.md"), "utf8")
const between = /(<!-- recorded differences: .*? -->\n).*(<!-- end of recorded differences -->)/s
writeFileSync(
  docs("compatibility.md"),
  compatibility.replace(between, (_, begin, end) => `${begin}\n${recorded.markdown()}\n\n${end}`),
)

const run = (command, args, cwd) => {
  const { status } = spawnSync(command, args, { cwd, stdio: "inherit" })
  if (status !== 0) process.exit(status ?? 1)
}
run("node", ["scripts/graph.mjs", "--write"], root)
run("pnpm", ["golden"], join(root, "packages/blueprint-catalogue"))
run("oxfmt", ["docs/blueprint.schema.json", "docs/compatibility.md"], root)
