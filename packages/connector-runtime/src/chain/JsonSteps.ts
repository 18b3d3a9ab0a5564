/** Steps that work on JSON. */
import * as Json from "@drawbar/json-text/Json"
import * as JsonFault from "@drawbar/json-text/JsonFault"
import { Option, Result } from "effect"
import type { WorkBudget } from "./WorkBudget.ts"
import * as ResponseFilter from "../response/ResponseFilter.ts"
import * as JsonPath from "./JsonPath.ts"
import { documentOf, Inapplicable, type Make, type Making, text, textOf } from "./Step.ts"

/** The first object or list in a text. */
export const extractJson: Make = ({ extract_type = "auto", default: otherwise }) => {
  const opening = Object.hasOwn(openings, textOf(extract_type).toLowerCase())
    ? openings[textOf(extract_type).toLowerCase() as keyof typeof openings]
    : undefined
  return opening === undefined
    ? Result.fail(`'extract_type' must be 'auto', 'object', or 'array', got: ${textOf(extract_type)}`)
    : Result.succeed((value) => (typeof value === "string" ? (firstIn(value, opening) ?? otherwise ?? value) : value))
}

const openings = { auto: /[[{]/, object: /\{/, array: /\[/ } as const

const firstIn = (source: string, opening: RegExp): Json.Json | undefined => {
  const start = source.search(opening)
  if (start === -1) return undefined
  const rest = source.slice(start)
  const whole = Json.parse(rest)
  if (Result.isSuccess(whole)) return whole.success
  // Ignore whatever follows the value.
  return Result.getOrUndefined(Json.parse(rest.slice(0, JsonFault.find(rest).offset)))
}

export const jsonPathFilter: Make = (config, { allowance }) =>
  Result.map(pathIn(config, allowance), (path) => (value) => {
    const document = documentOf(value)
    const locations = path.locations(document)
    if (path.union !== undefined) {
      const objects = ResponseFilter.byHolder(locations).map((members): Json.Json =>
        Object.fromEntries([...members].map(([name, location]) => [name, JsonPath.at(document, location)])),
      )
      return path.union === "many" ? objects : (objects[0] ?? config["default"] ?? value)
    }
    const found = locations.map((location) => JsonPath.at(document, location))
    if (!path.definite) return found
    return found[0] ?? (found.length === 1 ? null : (config["default"] ?? value))
  })

/** Takes `paths`, or the one `path`. */
export const removeJsonPath: Make = (config, { allowance }) => {
  const given = config["paths"] ?? (config["path"] === undefined ? [] : [config["path"]])
  const paths = Array.isArray(given) ? given : [given]
  if (paths.length === 0) return Result.fail("'paths' is required for remove_jsonpath processor")
  return Result.map(
    Result.all(paths.map((path) => JsonPath.compile(textOf(path), allowance))),
    (compiled) => (value) => {
      const draft = new JsonPath.Draft(documentOf(value))
      for (const { locations } of compiled) draft.remove(locations(draft.value))
      return draft.value
    },
  )
}

/** Sets a place to `value`, or to what stands at `source_path`. */
export const setField: Make = (config, { allowance, sizes }) =>
  Result.gen(function* () {
    const path = yield* pathIn(config, allowance)
    const { value, source_path, default: otherwise } = config
    if (value === undefined && source_path === undefined)
      return yield* Result.fail("Either 'value' or 'source_path' is required for set_field processor")
    const source = source_path === undefined ? undefined : yield* JsonPath.compile(textOf(source_path), allowance)
    return (given) => {
      const document = documentOf(given)
      const found = source?.locations(document).map((location) => JsonPath.at(document, location)) ?? []
      const field = source === undefined ? value : source.definite ? (found[0] ?? otherwise) : found
      if (field === undefined) throw new Inapplicable()
      return setAll(document, path, field, { allowance, sizes })
    }
  })

/** The document with a value at each place of a path, or at the one that the path names and the document has not. */
export const setAll = (
  document: Json.Json,
  path: JsonPath.JsonPath,
  value: Json.Json,
  { allowance, sizes }: Pick<Making, "allowance" | "sizes">,
): Json.Json => {
  const found = path.locations(document)
  const places = found.length > 0 ? found : Option.toArray(path.location)
  if (places.length === 0) throw new Inapplicable()
  const size = sizes.of(value) * places.length
  allowance.produce(size)
  allowance.spend(size)
  const draft = new JsonPath.Draft(document)
  for (const place of places) draft.put(place, value)
  return draft.value
}

/** The path that a step's settings have to name. */
export const pathIn = (config: Json.JsonObject, allowance: WorkBudget) =>
  Result.flatMap(text(config, "path"), (path) => JsonPath.compile(path, allowance))
