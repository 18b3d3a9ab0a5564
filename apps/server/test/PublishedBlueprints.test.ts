/**
 * Every published connector through the API: created or rejected according to its verdict, and the request that it
 * would send.
 */
import { existsSync, readFileSync } from "node:fs"
import { resolve } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { ask, type Drawbar, start } from "./Drawbar.ts"

const reference = process.env["DRAWBAR_REFERENCE"] ?? resolve(import.meta.dirname, "../../../../shared/reference")
const folder = resolve(reference, "blueprints")
const isPresent = existsSync(resolve(folder, "index.json"))
const read = (name: string) => JSON.parse(readFileSync(resolve(folder, name), "utf8"))
const rows = (name: string): ReadonlyArray<any> => (isPresent ? read(name) : [])

/** Replaces the publisher's blanks with plausible values, and with a URL if the whole URL is a blank. */
const fill = (value: unknown, { fill: placeholders = [] }: { readonly fill?: ReadonlyArray<string> }): any =>
  JSON.parse(
    placeholders
      .toSorted((a, b) => b.length - a.length)
      .reduce(
        (text, placeholder) =>
          text
            .replaceAll(`"url":"${placeholder}"`, `"url":"https://filled.example/invocations"`)
            .replaceAll(`${placeholder} like us-east-1`, "filled")
            .replaceAll(placeholder, placeholder.includes("action") ? "predict" : "filled"),
        JSON.stringify(value),
      ),
  )

/** The values that an administrator adds where the publisher omitted them, or wrote `...`. */
const withCredential = (document: any) =>
  document.protocol === "aws_sigv4" && document.credential == null
    ? { ...document, credential: { access_key: "AKIDEXAMPLE", secret_key: "filled" } }
    : JSON.parse(JSON.stringify(document).replaceAll('"..."', '"filled"'))

/**
 * Connectors that the verdicts consider runnable but that cannot run, with the reason: no URL, no such credential, no
 * script, or roles without users.
 */
const unusable: Readonly<Record<string, string>> = {
  "doc-connector-tool-1": "url",
  "tut-aiconnectorhelper-2": "url",
  "res-bedrockconnectorbodies-2": "url",
  "res-bedrockmultimodalconnectorbodies-1": "url",
  "tut-aiconnectorhelper-3": "credential",
  "tut-aiconnectorhelper-4": "credential",
  "res-cohereconnectorbodies": "line 1, column 1",
  "it-remotemodeltests": "access control",
  "it-mlcreateconnectorinputtests-2": "access control",
}

describe.skipIf(!isPresent)("the published connectors (skipped: ../shared/reference is absent)", () => {
  const index = rows("index.json")
  const entryOf = (slug: string) => index.find((entry) => entry.slug === slug)
  let drawbar: Drawbar

  beforeAll(async () => {
    drawbar = await start()
    await ask(drawbar, "PUT", "/_cluster/settings", {
      persistent: {
        "plugins.ml_commons.trusted_connector_endpoints_regex": ["^https?://.*$"],
      },
    })
  })
  afterAll(() => drawbar[Symbol.asyncDispose]())

  it.each(index.map((entry) => [entry.slug, entry.verdict, entry]))("%s: %s", async (slug, verdict, entry) => {
    const document = withCredential(fill(read(`${slug}.json`), entry))
    const { status, json } = await ask(drawbar, "POST", "/_plugins/_ml/connectors/_create", document)
    const isRefused = verdict.startsWith("refused") || slug in unusable
    expect(status, JSON.stringify(json)).toBe(isRefused ? 400 : 200)
    const validated = await ask(drawbar, "POST", "/_plugins/_ml/connectors/_validate", document)
    // Lint does not know the roles.
    if (unusable[slug] !== "access control")
      expect(validated.json.valid, JSON.stringify(validated.json, null, 1)).toBe(!isRefused)
    if (slug in unusable) expect(json.error.reason).toMatch(new RegExp(unusable[slug] ?? "", "i"))
  })

  it.each(rows("rendered.json").map((row) => [row.predict, row]))("%s renders as published", async (_, row) => {
    const entry = entryOf(row.slug)
    const blueprint = withCredential(fill(read(`${row.slug}.json`), entry))
    const isBatch = blueprint.actions.some((action: any) => action.action_type.toLowerCase() === "batch_predict")
    const input = { ...fill(read(row.predict), entry), ...(isBatch ? { action_type: "batch_predict" } : {}) }
    const filled = fill(row, entry)
    const { status, json } = await ask(drawbar, "POST", "/_plugins/_ml/connectors/_render", {
      blueprint,
      input,
    })
    if (entry.verdict.startsWith("refused") || row.slug in unusable) return expect(status).toBe(400)
    expect(status, JSON.stringify(json)).toBe(200)
    expect({ url: json.url, body: JSON.parse(json.body) }).toEqual({
      url: URL.parse(filled.url)?.href ?? filled.url,
      body: JSON.parse(filled.payload),
    })
  })
})
