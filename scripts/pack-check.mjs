// What `npm install` of our packages gives a user: built, packed, installed away from the workspace, type-checked by the
// previous line of the compiler with no library excused, and run. So are the examples of each README.
import { spawnSync } from "node:child_process"
import { createRequire } from "node:module"
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, join, relative, sep } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { publint } from "publint"
import { formatMessage } from "publint/utils"

const previousTypeScript = "typescript@6"
// With its own compiler of 22 MB, so that the workspace does not install it.
const typesWrong = "@arethetypeswrong/core"
const typesWrongVersion = "0.18.5"

const root = fileURLToPath(new URL("..", import.meta.url))
const read = (path) => JSON.parse(readFileSync(path, "utf8"))
const { packageManager } = read(join(root, "package.json"))
const temporary = mkdtempSync(join(tmpdir(), "drawbar-pack-"))
const project = join(temporary, "project")

const run = (step, command, args, cwd) => {
  const began = performance.now()
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  })
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  process.stdout.write(`${status === 0 ? "ok  " : "FAIL"} ${step} (${seconds} s)\n`)
  if (status === 0) return stdout
  process.stderr.write(`${stdout}${stderr}${error ?? ""}\n`)
  throw new Error(step)
}

const pnpm = (step, args, cwd) => run(step, "npx", ["-y", packageManager, ...args], cwd)

const fail = (step, sentences) => {
  process.stdout.write(`FAIL ${step}\n${sentences.map((sentence) => `  ${sentence}\n`).join("")}`)
  throw new Error(step)
}

/** Every module that a packed package exports, according to its declarations. */
const modulesOf = (name) => {
  const dist = join(project, "node_modules", name, "dist")
  return readdirSync(dist, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile() && file.name.endsWith(".d.ts"))
    .map((file) =>
      relative(dist, join(file.parentPath, file.name))
        .replace(/\.d\.ts$/, "")
        .split(sep)
        .join("/"),
    )
    .filter((module) => !module.startsWith("internal/"))
    .map((module) => `${name}/${module}`)
}

/** The effect modules that may change between minor versions have paths of their own. */
const usesUnstable = (folder) => imports(folder, /from "effect\//)

const imports = (folder, pattern) =>
  readdirSync(join(folder, "src"), { recursive: true })
    .filter((file) => file.endsWith(".ts"))
    .some((file) => pattern.test(readFileSync(join(folder, "src", file), "utf8")))

/** Packages on unstable modules of effect, and those that import them, hold to one minor version; the others to the major one. */
const checkPeers = (packages) => {
  const byName = new Map(packages.map((one) => [one.manifest.name, one]))
  const isUnstable = ({ folder, manifest }) =>
    usesUnstable(folder) ||
    Object.keys(manifest.dependencies ?? {}).some((name) => byName.has(name) && isUnstable(byName.get(name)))
  const wrong = packages.flatMap((one) => {
    const wanted = isUnstable(one) ? "~4.1" : ">=4.1 <5"
    const { name, dependencies = {}, peerDependencies } = one.manifest
    const isWithout =
      !imports(one.folder, /from "effect["/]/) && !Object.keys(dependencies).some((it) => byName.has(it))
    if (isWithout && peerDependencies?.effect === undefined) return []
    return peerDependencies?.effect === wanted ? [] : [`${name}: the peer effect must be "${wanted}"`]
  })
  if (wrong.length > 0) fail("peer dependencies", wrong)
  process.stdout.write("ok   peer dependencies\n")
}

const checkManifests = async (tarballs) => {
  const wrong = []
  for (const tarball of tarballs) {
    const { buffer, byteOffset, byteLength } = readFileSync(join(temporary, tarball))
    const { messages, pkg } = await publint({
      pack: { tarball: buffer.slice(byteOffset, byteOffset + byteLength) },
      strict: true,
    })
    for (const message of messages) wrong.push(`${tarball}: ${formatMessage(message, pkg, { color: false })}`)
  }
  if (wrong.length > 0) fail("publint", wrong)
  process.stdout.write(`ok   publint of ${tarballs.length} packages\n`)
}

/** The package is for ES modules: a CommonJS program uses it with `import()`, or `require` where Node has it for modules. */
const resolutions = new Set(["node16-esm", "bundler"])

/** Whether each entry point has the types of what it is, as are-the-types-wrong sees it. */
const checkTypes = async (tarballs) => {
  const { checkPackage, createPackageFromTarballData } = await import(
    createRequire(join(project, "package.json")).resolve(typesWrong)
  )
  const wrong = []
  let count = 0
  for (const tarball of tarballs) {
    const data = createPackageFromTarballData(new Uint8Array(readFileSync(join(temporary, tarball))))
    const entrypoints = [
      ".",
      ...data
        .listFiles()
        .flatMap((file) => /\/dist\/(?!internal\/)(.+)\.d\.ts$/.exec(file)?.[1] ?? [])
        .map((module) => `./${module}`),
    ]
    const { types, problems = [] } = await checkPackage(data, { entrypoints })
    count += entrypoints.length
    if (types === false) wrong.push(`${tarball}: it has no types`)
    for (const problem of problems)
      if (!("resolutionKind" in problem) || resolutions.has(problem.resolutionKind))
        wrong.push(`${tarball}: ${problem.kind} ${problem.entrypoint ?? ""} ${problem.resolutionKind ?? ""}`)
  }
  if (wrong.length > 0) fail("are the types wrong", wrong)
  process.stdout.write(`ok   types of ${count} entry points, as are-the-types-wrong sees them\n`)
}

/** What npm and its readers need of a manifest, and a root that is one of the modules. */
const checkFields = (packages) => {
  const wrong = packages.flatMap(({ folder, manifest }) => {
    const { name, repository, engines, sideEffects, license, exports: entries } = manifest
    const module = /^\.\/src\/(.+)\.ts$/.exec(entries["."]?.["@drawbar/source"] ?? "")?.[1]
    return [
      ...(repository?.directory === `packages/${basename(folder)}` ? [] : ["repository must name its folder"]),
      ...(engines?.node === undefined ? ["engines must name the oldest Node"] : []),
      ...(sideEffects === undefined ? ["sideEffects must be set"] : []),
      ...(license === undefined ? ["license must be set"] : []),
      ...(module !== undefined &&
      readFileSync(join(folder, "README.md"), "utf8").includes(`itself is its module \`${module}\``)
        ? []
        : [`exports["."] must be one of the modules, and README must say which: "… itself is its module …"`]),
    ].map((sentence) => `${name}: ${sentence}`)
  })
  if (wrong.length > 0) fail("manifests", wrong)
  process.stdout.write("ok   manifests\n")
}

/** The examples of a package's README, as programs. */
const examplesOf = ({ folder, manifest }) => {
  const found = [...readFileSync(join(folder, "README.md"), "utf8").matchAll(/```ts\n(.*?)```/gs)]
  if (found.length === 0) fail(`README of ${manifest.name}`, ["it has no example: begin one with ```ts"])
  return found.map(([, code], i) => ({ file: `${manifest.name.split("/")[1]}-${i + 1}.ts`, code }))
}

// Effect's declarations use types of the web platform.
const tsconfig = {
  compilerOptions: {
    target: "ES2024",
    lib: ["ES2024", "ESNext.Disposable", "ESNext.Array", "DOM"],
    module: "NodeNext",
    types: ["node"],
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    allowImportingTsExtensions: true,
    noEmit: true,
  },
  include: ["src"],
}

const check = async () => {
  const packages = readdirSync(join(root, "packages"))
    .map((folder) => ({
      folder: join(root, "packages", folder),
      manifest: read(join(root, "packages", folder, "package.json")),
    }))
    .filter(({ manifest }) => manifest.private !== true)
  const example = join(root, "examples", "in-process")
  const effect = read(join(root, "packages", "connector-runtime", "node_modules", "effect", "package.json")).version

  checkPeers(packages)
  checkFields(packages)
  // A module that was moved or removed would still be in the folder, and be shipped.
  for (const { folder } of packages)
    for (const made of ["dist", join(".tsbuild", "src.tsbuildinfo")])
      rmSync(join(folder, made), { recursive: true, force: true })
  pnpm("build", ["run", "build"], root)
  for (const { folder, manifest } of packages)
    pnpm(`pack ${manifest.name}`, ["pack", "--pack-destination", temporary], folder)

  mkdirSync(join(project, "src"), { recursive: true })
  writeFileSync(join(project, "package.json"), JSON.stringify({ private: true, type: "module" }))
  const tarballs = readdirSync(temporary).filter((file) => file.endsWith(".tgz"))
  await checkManifests(tarballs)
  const others = [`effect@${effect}`, previousTypeScript, "@types/node@24", `${typesWrong}@${typesWrongVersion}`]
  const install = [
    "install",
    "--no-audit",
    "--no-fund",
    "--ignore-scripts",
    ...tarballs.map((file) => join(temporary, file)),
    ...others,
  ]
  run(`install ${tarballs.length} packages`, "npm", install, project)
  await checkTypes(tarballs)

  for (const file of readdirSync(join(example, "src")))
    copyFileSync(join(example, "src", file), join(project, "src", file))
  mkdirSync(join(project, "src", "readme"))
  const examples = packages.flatMap(examplesOf)
  for (const { file, code } of examples) writeFileSync(join(project, "src", "readme", file), `${code}\nexport {}\n`)
  const modules = packages.flatMap(({ manifest }) => modulesOf(manifest.name))
  const everything = modules.map((module, i) => `export * as module${i} from "${module}"\n`)
  writeFileSync(join(project, "src", "everything.ts"), everything.join(""))
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify(tsconfig))
  run(`type-check ${modules.length} modules by ${previousTypeScript}`, "npx", ["--no", "tsc", "--", "-p", "."], project)

  run("import every module", process.execPath, [join("src", "everything.ts")], project)
  const internal = "@drawbar/painless/internal/run/Value"
  const refused = `import("${internal}").then(() => process.exit(1), ({ code }) => process.exit(code === "ERR_PACKAGE_PATH_NOT_EXPORTED" ? 0 : 1))`
  run("refuse modules under internal/", process.execPath, ["--input-type=module", "--eval", refused], project)
  for (const { file } of examples)
    run(
      `run the example of ${file.replace(".ts", "")}'s README`,
      process.execPath,
      [join("src", "readme", file)],
      project,
    )
  process.stdout.write(run("run examples/in-process", process.execPath, [join("src", "main.ts")], project))
}

try {
  await check()
} catch (error) {
  process.stderr.write(`${error}\n`)
  process.exitCode = 1
} finally {
  rmSync(temporary, { recursive: true, force: true })
}
