// What `npm install` of our packages gives a user: built, packed, installed away from the workspace, type-checked by the
// previous line of the compiler with no library excused, and run.
import { spawnSync } from "node:child_process"
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"

const previousTypeScript = "typescript@6"

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

/** Every module that a packed package exports, by the declarations that it brought. */
const modulesOf = (name) =>
  readdirSync(join(project, "node_modules", name, "dist"))
    .filter((file) => file.endsWith(".d.ts"))
    .map((file) => `${name}/${basename(file, ".d.ts")}`)

// Effect's own declarations name types of the web platform.
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

const check = () => {
  const packages = readdirSync(join(root, "packages"))
    .map((folder) => ({
      folder: join(root, "packages", folder),
      manifest: read(join(root, "packages", folder, "package.json")),
    }))
    .filter(({ manifest }) => manifest.private !== true)
  const example = join(root, "examples", "in-process")
  const effect = read(join(root, "packages", "connector-runtime", "node_modules", "effect", "package.json")).version

  pnpm("build", ["run", "build"], root)
  for (const { folder, manifest } of packages)
    pnpm(`pack ${manifest.name}`, ["pack", "--pack-destination", temporary], folder)

  mkdirSync(join(project, "src"), { recursive: true })
  writeFileSync(join(project, "package.json"), JSON.stringify({ private: true, type: "module" }))
  const tarballs = readdirSync(temporary).filter((file) => file.endsWith(".tgz"))
  const others = [`effect@${effect}`, previousTypeScript, "@types/node@24"]
  const install = [
    "install",
    "--no-audit",
    "--no-fund",
    "--ignore-scripts",
    ...tarballs.map((file) => join(temporary, file)),
    ...others,
  ]
  run(`install ${tarballs.length} packages`, "npm", install, project)

  for (const file of readdirSync(join(example, "src")))
    copyFileSync(join(example, "src", file), join(project, "src", file))
  const modules = packages.flatMap(({ manifest }) => modulesOf(manifest.name))
  const everything = modules.map((module, i) => `export * as module${i} from "${module}"\n`)
  writeFileSync(join(project, "src", "everything.ts"), everything.join(""))
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify(tsconfig))
  run(`type-check ${modules.length} modules by ${previousTypeScript}`, "npx", ["--no", "tsc", "--", "-p", "."], project)

  run("import every module", process.execPath, [join("src", "everything.ts")], project)
  process.stdout.write(run("run examples/in-process", process.execPath, [join("src", "main.ts")], project))
}

try {
  check()
} catch {
  process.exitCode = 1
} finally {
  rmSync(temporary, { recursive: true, force: true })
}
