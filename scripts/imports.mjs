// Every import of a package is declared in the package.json of the file's own package: in src and scripts as a dependency or a
// peer, in tests as any, as are types alone in a package that is not published. A relative import stays inside its package. Files that are named are looked at alone.
import { execFileSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { isBuiltin } from "node:module"
import { dirname, join } from "node:path"
import process from "node:process"
import { parseSync } from "oxc-parser"

const files = execFileSync("git", ["ls-files"], { encoding: "utf8", maxBuffer: 1 << 26 })
  .split("\n")
  .filter((file) => file !== "" && existsSync(file))

const manifests = new Map(
  files
    .filter((file) => /(?:^|\/)package\.json$/.test(file) && !file.includes("/test/"))
    .map((file) => [dirname(file), JSON.parse(readFileSync(file, "utf8"))]),
)

const homeOf = (file) => {
  for (let folder = dirname(file); ; folder = dirname(folder))
    if (manifests.has(folder) || folder === ".") return folder
}

const packageOf = (specifier) => specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/")

/** Modules that a file imports by name: static, dynamic and type-only imports, names that are resolved, and exports from another module. */
const importsOf = (file) => {
  const source = readFileSync(file, "utf8")
  const { module, program } = parseSync(file, source)
  const found = [
    ...module.staticImports.map(({ moduleRequest, start, entries }) => ({
      name: moduleRequest.value,
      start,
      isType: entries.length > 0 && entries.every((entry) => entry.isType),
    })),
    ...module.staticExports.flatMap(({ entries, start }) =>
      entries.flatMap(({ moduleRequest }) => (moduleRequest === null ? [] : [{ name: moduleRequest.value, start }])),
    ),
    ...module.dynamicImports.flatMap(({ moduleRequest, start }) => {
      const text = source.slice(moduleRequest.start, moduleRequest.end)
      return /^["'][^"'`]+["']$/.test(text) ? [{ name: text.slice(1, -1), start }] : []
    }),
    ...[...source.matchAll(/\bimport\.meta\.resolve\("([^"$]+)"\)/g)].map(({ 1: name, index: start }) => ({
      name,
      start,
    })),
  ]
  const visit = (node) => {
    if (Array.isArray(node)) for (const one of node) visit(one)
    else if (node !== null && typeof node === "object") {
      if (node.type === "TSImportType") found.push({ name: (node.source ?? node.argument).value, start: node.start })
      for (const value of Object.values(node)) if (typeof value === "object") visit(value)
    }
  }
  if (source.includes("import(")) visit(program)
  return found.map(({ name, start, isType = false }) => ({
    name,
    isType,
    line: source.slice(0, start).split("\n").length,
  }))
}

const wrong = []
let count = 0
const named = process.argv.slice(2)
for (const file of (named.length > 0 ? named : files).filter((one) => /\.(?:ts|mts|mjs)$/.test(one))) {
  const home = homeOf(file)
  const { name: own, private: isPrivate, dependencies, peerDependencies, devDependencies } = manifests.get(home) ?? {}
  const shipped = { ...dependencies, ...peerDependencies }
  const isSource = file.startsWith(`${home}/src/`)
  const all = { ...shipped, ...devDependencies }
  for (const { name, line, isType } of importsOf(file)) {
    count++
    const declared = isSource && !(isPrivate === true && isType) ? shipped : all
    if (name.startsWith(".")) {
      if (isSource && homeOf(join(dirname(file), name)) !== home)
        wrong.push(`${file}:${line}  ${name} leaves ${home}: import the package by its name`)
    } else if (!isBuiltin(name) && packageOf(name) !== own && !Object.hasOwn(declared, packageOf(name)))
      wrong.push(`${file}:${line}  ${packageOf(name)} is not declared in ${join(home, "package.json")}`)
  }
}
for (const one of wrong) console.log(one)
console.log(`imports: ${count} imports, ${wrong.length} are not declared`)
process.exitCode = wrong.length > 0 || count === 0 ? 1 : 0
