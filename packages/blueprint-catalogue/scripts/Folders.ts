/** Reads the folders of `blueprints/` into the data that `Catalogue` ships. */
import { readdirSync, readFileSync } from "node:fs"

const home = new URL("../blueprints/", import.meta.url)

const documents = ["blueprint", "parameters", "request", "response", "prediction"] as const

/** Every folder in order of name: its name, its documents parsed, its source text unchanged. */
export const read = (): ReadonlyArray<Record<string, unknown>> =>
  readdirSync(home)
    .toSorted()
    .map((name) =>
      Object.fromEntries([
        ["name", name],
        ...documents.map((document) => [document, JSON.parse(text(name, `${document}.json`))]),
        ["source", text(name, "source.md")],
      ]),
    )

// Some editors put a byte order mark before JSON.
const text = (name: string, file: string): string =>
  readFileSync(new URL(`${name}/${file}`, home), "utf8").replace(/^\uFEFF/, "")
