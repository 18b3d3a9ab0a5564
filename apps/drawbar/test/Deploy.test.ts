/** The files of deploy/: well formed, hardened, and true to the package and to the server's flags. */
import { spawnSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import * as FlagTable from "@drawbar/server/options/FlagTable"
import { DockerfileParser, type Dockerfile } from "dockerfile-ast"
import { validate } from "dockerfile-utils"
import { assert, describe, it } from "vitest"
import { parse } from "yaml"

const folder = join(import.meta.dirname, "../../../deploy")
/** The build's context, as README and compose file have it. */
const context = join(import.meta.dirname, "..")

const read = (name: string) => readFileSync(join(folder, name), "utf8")

const variables = new Set([
  ...Object.keys(FlagTable.table).map(FlagTable.variableOf),
  "DRAWBAR_INITIAL_ADMIN_KEY",
  "DRAWBAR_INITIAL_ADMIN_KEY_FILE",
])

const unknownIn = (text: string) => (text.match(/DRAWBAR_[A-Z_]*[A-Z]/g) ?? []).filter((name) => !variables.has(name))

/** What follows the name of an instruction, where there is one of it and no more. */
const only = (file: Dockerfile, name: string): string => {
  const found = file.getInstructions().filter((one) => one.getKeyword() === name)
  assert.strictEqual(found.length, 1, name)
  return found[0]?.getArgumentsContent() ?? ""
}

const inPackage = (path: string) => join(context, path.replace("/opt/drawbar/", ""))

describe("the Containerfile", () => {
  const text = read("Containerfile")
  const file = DockerfileParser.parse(text)

  it("has no finding of the linter", () => {
    assert.deepStrictEqual(validate(text), [])
  })

  it("names an image by its registry and its version", () => {
    assert.match(only(file, "FROM"), /^docker\.io\/library\/node:24-\S+$/)
  })

  it("copies what the package holds", () => {
    const { files } = JSON.parse(readFileSync(join(context, "package.json"), "utf8")) as {
      readonly files: Array<string>
    }
    const sources = file.getCOPYs().flatMap((copy) => copy.getArguments().slice(0, -1).map(String))
    for (const source of [...files, "package.json"]) assert.include(sources, source)
    // The bundle is built before the image.
    for (const source of sources) if (source !== "dist") assert.isTrue(existsSync(join(context, source)), source)
  })

  it("starts an entry that exists, without a shell, as a user who is not root", () => {
    const [command, entry = "", ...others]: ReadonlyArray<string> = JSON.parse(only(file, "ENTRYPOINT"))
    assert.deepStrictEqual([command, others], ["node", []])
    assert.isTrue(existsSync(inPackage(entry)), entry)
    assert.deepStrictEqual(JSON.parse(only(file, "CMD")), ["serve"])
    assert.match(only(file, "USER"), /^[1-9]\d+:[1-9]\d+$/)
  })

  it("has a health check that exists", () => {
    const [, command] = /CMD (\[.*\])$/.exec(only(file, "HEALTHCHECK")) ?? []
    const [, script = ""]: ReadonlyArray<string> = JSON.parse(command ?? "[]")
    assert.isTrue(existsSync(inPackage(script)), script)
  })

  it("names variables that the server reads", () => {
    assert.deepStrictEqual(unknownIn(text), [])
  })
})

describe("the compose file", () => {
  const text = read("compose.yaml")
  const { services, secrets, volumes } = parse(text) as Record<string, Record<string, any>>
  const service = services?.["drawbar"]

  it("builds the Containerfile in the package's folder", () => {
    const built = resolve(folder, service.build.context)
    assert.strictEqual(built, resolve(context))
    assert.strictEqual(resolve(built, service.build.dockerfile), join(folder, "Containerfile"))
  })

  it("declares what it mounts, and mounts nothing else that can be written", () => {
    assert.deepStrictEqual(service.secrets, Object.keys(secrets ?? {}))
    const mounted = (service.volumes as ReadonlyArray<string>).map((volume) => volume.split(":"))
    assert.deepStrictEqual(
      mounted.map(([name]) => name),
      Object.keys(volumes ?? {}),
    )
    const image = JSON.parse(only(DockerfileParser.parse(read("Containerfile")), "VOLUME"))
    assert.deepStrictEqual(
      mounted.map(([, path]) => path),
      image,
    )
    assert.strictEqual(service.read_only, true)
    assert.deepStrictEqual(service.cap_drop, ["ALL"])
  })

  it("publishes the port on this machine only, and names variables that the server reads", () => {
    assert.deepStrictEqual(service.ports, ["127.0.0.1:9200:9200"])
    assert.deepStrictEqual(unknownIn(text), [])
  })
})

describe("the systemd unit", () => {
  const text = read("drawbar.service")

  it("has sections, and lines of names and values", () => {
    for (const line of text.split("\n").filter((line) => line !== "" && !line.startsWith("#")))
      assert.match(line, /^(\[(Unit|Service|Install)\]|[A-Z][A-Za-z]+=.*)$/)
  })

  it("keeps records and keys in folders of the service's own, with variables that the server reads", () => {
    assert.include(text, "StateDirectory=drawbar drawbar-keys\n")
    assert.include(text, "Environment=DRAWBAR_DATA=/var/lib/drawbar\n")
    assert.include(text, "Environment=DRAWBAR_KEYRING=/var/lib/drawbar-keys/keyring.json\n")
    assert.deepStrictEqual(unknownIn(text.replaceAll("DRAWBAR_…", "")), [])
  })

  it("is accepted by systemd, where there is one", ({ skip }) => {
    const { status, stderr, error } = spawnSync("systemd-analyze", ["verify", join(folder, "drawbar.service")], {
      encoding: "utf8",
    })
    if (error !== undefined) return skip("this machine has no systemd-analyze")
    assert.deepStrictEqual([status, stderr], [0, ""])
  })
})
