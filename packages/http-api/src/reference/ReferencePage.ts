/** The reference as one page of HTML: no script, no file beside it, nothing from the network. */
import * as Json from "@drawbar/json-text/Json"

/** `document` is the OpenAPI document. */
export const html = (document: Json.JsonObject): string => {
  const info = asObject(document["info"])
  const operations = operationsOf(document)
  const tags = asList(document["tags"]).map(asObject)
  return [
    "<!doctype html>",
    `<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">`,
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    `<title>${text(info["title"])} API ${text(info["version"])}</title><style>${style}</style></head><body>`,
    `<nav><strong>${text(info["title"])} ${text(info["version"])}</strong>`,
    ...tags.map((tag) => tocOf(tag, operations)),
    "</nav><main>",
    `<h1>${text(info["title"])} API</h1>`,
    ...String(info["description"] ?? "")
      .split("\n\n")
      .map((part) => `<p>${prose(part)}</p>`),
    `<p>The same as a document for programs: <a href="/openapi.json">/openapi.json</a> (OpenAPI ${text(document["openapi"])}).</p>`,
    ...tags.map((tag) => sectionOf(tag, operations, document)),
    "</main></body></html>",
    "",
  ].join("\n")
}

interface Operation {
  readonly method: string
  readonly path: string
  readonly tag: string
  readonly value: Json.JsonObject
}

const operationsOf = (document: Json.JsonObject): ReadonlyArray<Operation> =>
  Object.entries(asObject(document["paths"])).flatMap(([path, methods]) =>
    Object.entries(asObject(methods)).map(([method, value]) => {
      const operation = asObject(value)
      return { method: method.toUpperCase(), path, tag: String(asList(operation["tags"])[0]), value: operation }
    }),
  )

const of = (tag: Json.JsonObject, operations: ReadonlyArray<Operation>) =>
  operations.filter((operation) => operation.tag === tag["name"])

const tocOf = (tag: Json.JsonObject, operations: ReadonlyArray<Operation>): string =>
  [
    `<details><summary><a href="#${text(tag["name"])}">${text(tag["name"])}</a></summary><ul>`,
    ...of(tag, operations).map(
      ({ value }) => `<li><a href="#${text(value["operationId"])}">${text(value["summary"])}</a></li>`,
    ),
    "</ul></details>",
  ].join("")

const sectionOf = (tag: Json.JsonObject, operations: ReadonlyArray<Operation>, document: Json.JsonObject): string =>
  [
    `<section><h2 id="${text(tag["name"])}">${text(tag["name"])}</h2><p>${prose(tag["description"])}</p>`,
    ...of(tag, operations).map((operation) => articleOf(operation, document)),
    "</section>",
  ].join("\n")

const articleOf = ({ method, path, value }: Operation, document: Json.JsonObject): string => {
  const parameters = asList(value["parameters"]).map(asObject)
  const request = mediaOf(value["requestBody"])
  return [
    `<article><h3 id="${text(value["operationId"])}">${text(value["summary"])}</h3>`,
    `<p><code class="path"><b>${text(method)}</b> ${text(path)}</code></p><p>${prose(value["description"])}</p>`,
    ...(parameters.length === 0
      ? []
      : [
          table(
            ["parameter", "in", "type", "description"],
            parameters.map((one) => rowOf(one, document)),
          ),
        ]),
    ...(request === undefined ? [] : [bodyOf("Request", request, document)]),
    ...Object.entries(asObject(value["responses"])).flatMap(([status, response]) => {
      const media = mediaOf(response)
      return status.startsWith("2") && media !== undefined ? [bodyOf(`Response ${status}`, media, document)] : []
    }),
    `<p class="errors">Errors: ${errorsOf(value, document)}</p></article>`,
  ].join("\n")
}

const rowOf = (parameter: Json.JsonObject, document: Json.JsonObject): ReadonlyArray<string> => [
  `<code>${text(parameter["name"])}</code>${parameter["required"] === true ? " *" : ""}`,
  text(parameter["in"]),
  text(typeOf(asObject(parameter["schema"]), document)),
  prose(parameter["description"]),
]

/** The first form of a body. */
const mediaOf = (
  body: Json.Json | undefined,
): { readonly type: string; readonly media: Json.JsonObject } | undefined => {
  const [first] = Object.entries(asObject(asObject(body)["content"]))
  return first === undefined ? undefined : { type: first[0], media: asObject(first[1]) }
}

const bodyOf = (
  title: string,
  { type, media }: { readonly type: string; readonly media: Json.JsonObject },
  document: Json.JsonObject,
): string => {
  const fields = fieldsOf(asObject(media["schema"]), document, "", maxDepth)
  const example = media["example"]
  return [
    `<h4>${text(title)} <small>${text(type)}</small></h4>`,
    ...(example === undefined ? [] : [`<pre>${text(JSON.stringify(example, null, 2))}</pre>`]),
    ...(fields.length === 0
      ? []
      : [`<details><summary>Fields</summary>${table(["field", "type", "description"], fields)}</details>`]),
  ].join("\n")
}

/** How deep the fields of a body are listed. */
const maxDepth = 3

const fieldsOf = (
  given: Json.JsonObject,
  document: Json.JsonObject,
  prefix: string,
  depth: number,
): ReadonlyArray<ReadonlyArray<string>> => {
  const schema = resolved(given, document)
  const required = asList(schema["required"])
  return Object.entries(asObject(schema["properties"])).flatMap(([name, member]) => {
    const field = resolved(asObject(member), document)
    const isList = field["items"] !== undefined
    const inner = isList ? asObject(field["items"]) : field
    return [
      [
        `<code>${text(prefix + name)}</code>${required.includes(name) ? " *" : ""}`,
        text(typeOf(field, document)),
        prose(field["description"]),
      ],
      ...(depth > 1 ? fieldsOf(inner, document, `${prefix}${name}${isList ? "[]" : ""}.`, depth - 1) : []),
    ]
  })
}

/** The schema that a reference means, or the one form beside null. */
const resolved = (schema: Json.JsonObject, document: Json.JsonObject): Json.JsonObject => {
  const reference = schema["$ref"]
  if (typeof reference === "string")
    return asObject(
      reference
        .split("/")
        .slice(1)
        .reduce<Json.Json | undefined>((value, name) => asObject(value)[name], document),
    )
  const some = asList(schema["anyOf"])
    .map(asObject)
    .filter((one) => one["type"] !== "null")
  return some.length === 1 ? { ...schema, anyOf: [], ...some[0] } : schema
}

const typeOf = (given: Json.JsonObject, document: Json.JsonObject): string => {
  const schema = resolved(given, document)
  const words = asList(schema["enum"])
  if (words.length > 0 && words.length <= maxWords) return words.map(String).join(" | ")
  const types = Array.isArray(schema["type"]) ? schema["type"] : schema["type"] === undefined ? [] : [schema["type"]]
  return types.map(String).join(" | ") || (words.length > 0 ? "string" : "any")
}

const maxWords = 8

const errorsOf = (operation: Json.JsonObject, document: Json.JsonObject): string =>
  Object.entries(asObject(operation["responses"]))
    .filter(([status]) => Number(status) >= 400)
    .map(([status, response]) => {
      const description = resolved(asObject(response), document)["description"]
      return `<abbr title="${text(description)}">${text(status)}</abbr>`
    })
    .join(", ")

const table = (names: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string =>
  [
    `<table><tr>${names.map((name) => `<th>${name}</th>`).join("")}</tr>`,
    ...rows.map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join("")}</tr>`),
    "</table>",
  ].join("")

/** Escaped, with words between backquotes as code. */
const prose = (value: Json.Json | undefined): string => text(value).replaceAll(/`([^`]+)`/g, "<code>$1</code>")

const text = (value: Json.Json | undefined): string =>
  String(value ?? "").replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

const asObject = (value: Json.Json | undefined): Json.JsonObject => (Json.isObject(value) ? value : {})
const asList = (value: Json.Json | undefined): ReadonlyArray<Json.Json> => (Array.isArray(value) ? value : [])

const style = `
:root{color-scheme:light dark;--line:color-mix(in srgb,currentColor 20%,transparent)}
body{margin:0;display:grid;grid-template-columns:17rem minmax(0,1fr);font:15px/1.5 system-ui,sans-serif}
nav{position:sticky;top:0;height:100vh;overflow:auto;padding:1rem;box-sizing:border-box;border-right:1px solid var(--line)}
nav ul{margin:.2rem 0 .6rem;padding-left:1.2rem}
main{padding:1rem 2rem;max-width:60rem}
a{color:inherit}
article{border-top:1px solid var(--line);padding:.5rem 0 1rem}
code,pre{font:13px/1.45 ui-monospace,monospace}
.path{padding:.15rem .4rem;border:1px solid var(--line);border-radius:4px}
pre{overflow:auto;padding:.6rem;border:1px solid var(--line);border-radius:4px}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.2rem .6rem .2rem 0;border-bottom:1px solid var(--line)}
small,.errors{opacity:.75}
@media(max-width:50rem){body{display:block}nav{position:static;height:auto}}
`
