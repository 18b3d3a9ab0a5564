import { existsSync, globSync, readFileSync, statSync } from "node:fs"
import { dirname, join, relative } from "node:path"
import { assert, describe, it } from "vitest"

const root = join(import.meta.dirname, "../../..")
const pages = globSync(["*.md", "docs/**/*.md", "{packages,examples}/*/README.md", "benchmarks/README.md"], {
  cwd: root,
})

/** The anchor that a heading has on a page: https://docs.github.com/get-started/writing-on-github */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(" ", "-")

const anchors = (file: string): ReadonlyArray<string> =>
  [...readFileSync(file, "utf8").matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => anchorOf(heading))

/** Why a link of a page leads nowhere. */
const fault = (page: string, link: string): string | undefined => {
  const [path = "", anchor] = link.split("#")
  const target = path === "" ? join(root, page) : join(root, dirname(page), path)
  if (!existsSync(target)) return `${link}: ${relative(root, target)} does not exist`
  if (anchor === undefined || statSync(target).isDirectory() || anchors(target).includes(anchor)) return undefined
  return `${link}: ${relative(root, target)} has no heading for #${anchor}`
}

describe("the links of", () => {
  it.each(pages)("%s lead to files and headings that exist", (page) => {
    const links = [...readFileSync(join(root, page), "utf8").matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link)
    const local = links.filter((link) => !/^[a-z]+:/.test(link))
    assert.deepStrictEqual(
      local.flatMap((link) => fault(page, link) ?? []),
      [],
    )
  })

  it("README.md and docs/operating.md are among the pages", () =>
    assert.includeMembers(pages, ["README.md", "docs/operating.md"]))
})
