// The licences of what a bundle holds, beside it: a plugin of the bundler, so that they are those of the modules that are in it, and no others.
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"

const fileName = "THIRD_PARTY_NOTICES"

/** As packages call the file that has their licence, and what has to go with it. */
const licence = /^(licen[cs]e|copying|notice)([.-].*)?$/i

/** The folder of the package that a module belongs to; nothing for the workspace's own and for what the bundler makes. */
const packageOf = (id) => {
  const path = id.replace(/^\0+/, "").replace(/\?.*$/, "")
  if (!path.includes("/node_modules/")) return undefined
  for (let folder = dirname(path); folder.includes("/node_modules/"); folder = dirname(folder)) {
    const manifest = join(folder, "package.json")
    // A folder of a package may have one of its own, which says only how its modules are read.
    if (existsSync(manifest) && JSON.parse(readFileSync(manifest, "utf8")).version !== undefined) return folder
  }
  return undefined
}

const noticeOf = (folder) => {
  const { name, version, license, author, homepage, repository } = JSON.parse(
    readFileSync(join(folder, "package.json"), "utf8"),
  )
  const files = readdirSync(folder).filter((file) => licence.test(file))
  const by = typeof author === "string" ? author : author?.name
  const from = homepage ?? (typeof repository === "string" ? repository : repository?.url)
  const head = [
    `${name} ${version}`,
    `License: ${typeof license === "string" ? license : "see below"}`,
    ...(by === undefined ? [] : [`Author: ${by}`]),
    ...(from === undefined ? [] : [`Source: ${from}`]),
  ]
  if (typeof license !== "string" && files.length === 0) throw new Error(`${name} ${version} has no licence`)
  const texts = files.map((file) => readFileSync(join(folder, file), "utf8").replaceAll("\r\n", "\n").trim())
  return [head.join("\n"), ...texts].join("\n\n")
}

/** The text for the packages of these modules, in the order of their names. */
const notices = (ids) => {
  const folders = new Set(ids.map(packageOf).filter((folder) => folder !== undefined))
  const found = [...folders].map(noticeOf).toSorted()
  const line = "-".repeat(80)
  return `${["This program holds the following packages. Each is under the licence that stands below its name.", ...found].join(`\n\n${line}\n\n`)}\n`
}

/** Writes the file beside the bundle. */
export const thirdPartyNotices = () => ({
  name: "third-party-notices",
  generateBundle(_options, bundle) {
    const ids = Object.values(bundle).flatMap((chunk) => (chunk.type === "chunk" ? chunk.moduleIds : []))
    this.emitFile({ type: "asset", fileName, source: notices(ids) })
  },
})
