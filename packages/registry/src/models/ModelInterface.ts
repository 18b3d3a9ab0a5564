/**
 * The JSON Schemas (2020-12) that a model's input and output must satisfy; kept as text.
 * Source: https://json-schema.org/draft/2020-12 and https://docs.opensearch.org/latest/ml-commons-plugin/api/model-apis/register-model/
 */
import { type BlueprintError, invalid } from "@drawbar/blueprint-schema/BlueprintError"
import * as RecordLimits from "../records/RecordLimits.ts"
import { createContext, Script } from "node:vm"
import { isObject, type Json, type JsonObject, parse, toText } from "@drawbar/json-text/Json"
import * as Pattern from "@drawbar/linear-regex/Pattern"
import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js"
import { Result, Schema } from "effect"

export const ModelInterface = Schema.Struct({
  input: Schema.optionalKey(Schema.String),
  output: Schema.optionalKey(Schema.String),
})
export type ModelInterface = typeof ModelInterface.Type

/** Reads `{"input": schema, "output": schema}`, each an object or its text; `null` stands for removal, other keys are dropped. */
export const check = (given: JsonObject): Result.Result<Record<string, string | null>, BlueprintError> =>
  Result.gen(function* () {
    const texts: Record<string, string | null> = {}
    for (const side of ["input", "output"] as const) {
      const schema = given[side]
      if (schema !== undefined) texts[side] = yield* textOf(side, schema)
    }
    return texts
  })

const textOf = (side: string, schema: Json): Result.Result<string | null, BlueprintError> => {
  if (schema === null) return Result.succeed(null)
  const text = toText(schema)
  if (nodes(text) > RecordLimits.interfaceNodes)
    return Result.fail(
      invalid(
        `/interface/${side}`,
        `The ${side} interface has more than ${RecordLimits.interfaceNodes} nodes: describe less, or describe it by a pattern`,
      ),
    )
  return Result.mapBoth(compile(text), {
    onSuccess: () => text,
    onFailure: (sentence) => invalid(`/interface/${side}`, `The ${side} interface ${sentence}`),
  })
}

/** How many objects, lists and values a JSON text may hold: its opening brackets, colons and commas. */
export const nodes = (text: string): number => text.match(/[[{:,]/g)?.length ?? 0

export interface CompiledSchema {
  /** The types that the schema declares for a parameter; none where it declares none. */
  readonly typesOf: (parameter: string) => ReadonlyArray<string>
  /** What a value breaks, each with its place as a JSONPath; no value is repeated. */
  readonly problems: (value: unknown) => ReadonlyArray<string>
}

/** Compiles a schema's text; fails with the rest of a sentence that says why it is none. */
export const compile = (text: string): Result.Result<CompiledSchema, string> =>
  Result.gen(function* () {
    const schema = yield* Result.mapError(
      parse(text),
      ({ message, line, column }) => `is not valid JSON: ${message} at line ${line}, column ${column}`,
    )
    if (!isObject(schema) && typeof schema !== "boolean")
      return yield* Result.fail("is not a valid JSON Schema: not an object")
    if (nestsDeeper(schema, maxDepth))
      return yield* Result.fail(`is not a valid JSON Schema: it nests deeper than ${maxDepth} levels`)
    const { schema: said } = meaningful(schema)
    const refers = /"\$(?:dynamicR|r)ef":/.test(JSON.stringify(schema))
    const plain = (): object | boolean => JSON.parse(toText(said))
    const validate = yield* compiled(plain(), false)
    let thorough: ValidateFunction | undefined
    return {
      typesOf: (parameter) => declared(schema, parameter),
      problems: (value) => {
        const valid = refers ? inTime(() => validate(value)) : validate(value)
        if (valid === undefined) return ["$: the schema's references ask for too much work on this value"]
        if (valid) return []
        // A large value may have a complaint for each of its parts: then the first has to do.
        if (!isSmall(value)) return (validate.errors ?? []).map(sentenceOf)
        thorough ??= Result.getOrThrow(compiled(plain(), true))
        if (refers) inTime(() => thorough?.(value))
        else thorough(value)
        return (thorough.errors ?? []).slice(0, shown).map(sentenceOf)
      },
    }
  })

/** Of arrays and objects: the library compiles a schema to code that nests as deep, which beyond some 400 runs out of stack. */
export const maxDepth = 200

const nestsDeeper = (value: unknown, levels: number): boolean =>
  typeof value === "object" &&
  value !== null &&
  (levels === 0 || Object.values(value).some((inner) => nestsDeeper(inner, levels - 1)))

/** What the sub-schemas of an interface leave unsaid, a sentence for each; it is taken as it is, as ML Commons takes it. */
export const warnings = ({ input, output }: ModelInterface): ReadonlyArray<string> =>
  Object.entries({ input, output }).flatMap(([side, text]) => {
    const schema = text === undefined ? undefined : Result.getOrUndefined(parse(text))
    return schema === undefined
      ? []
      : meaningful(schema).ignored.map(
          (pointer) => `The ${side} interface has no schema at ${pointer}, and nothing is checked there`,
        )
  })

/** Keywords whose members are schemas. A keyword that was written one level too deep is found among them. */
const schemasByName = new Set(["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"])

/** A schema without the parts that stand in a schema's place and are none, and where they stand. */
const meaningful = (schema: Json): { readonly schema: Json; readonly ignored: ReadonlyArray<string> } => {
  const ignored: Array<string> = []
  const within = (value: Json, pointer: string): Json => {
    if (Array.isArray(value)) return value.map((item, i) => within(item, `${pointer}/${i}`))
    if (!isObject(value)) return value
    const members: Array<readonly [string, Json]> = []
    for (const [keyword, inner] of Object.entries(value)) {
      const at = `${pointer}/${keyword.replaceAll("~", "~0").replaceAll("/", "~1")}`
      // Until 2009 a property itself said that it is required.
      if (keyword === "required" && typeof inner === "boolean") ignored.push(at)
      else if (schemasByName.has(keyword) && isObject(inner)) members.push([keyword, named(inner, at)])
      else members.push([keyword, keyword === "const" || keyword === "enum" ? inner : within(inner, at)])
    }
    return Object.fromEntries(members)
  }
  const named = (schemas: JsonObject, pointer: string): Json => {
    const members: Array<readonly [string, Json]> = []
    for (const [name, inner] of Object.entries(schemas)) {
      const at = `${pointer}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`
      if (isObject(inner) || typeof inner === "boolean") members.push([name, within(inner, at)])
      else ignored.push(at)
    }
    return Object.fromEntries(members)
  }
  return { schema: within(schema, ""), ignored }
}

/** In ms. */
const patience = 1_000

/** The work of references cannot be known in advance: each may double it or recurse forever. Returns `undefined` on a timeout. */
const inTime = <A>(work: () => A): A | undefined => {
  let done: A | undefined
  box.run = () => {
    done = work()
  }
  try {
    script.runInContext(box, { timeout: patience })
    return done
  } catch {
    return undefined
  }
}

const box: { run?: () => void } = {}
createContext(box)
const script = new Script("run()")

/** So many complaints help; more hide the first. */
const shown = 5

// Patterns run in linear time. Each schema has its own instance, so that it is forgotten with its model.
const compiled = (schema: object | boolean, allErrors: boolean): Result.Result<ValidateFunction, string> =>
  Result.try({
    try: () =>
      new Ajv2020({
        strict: false,
        allErrors,
        validateFormats: false,
        logger: false,
        code: { regExp: linear, optimize: false },
      })
        .removeKeyword(uniqueItems.keyword)
        .addKeyword(uniqueItems)
        .compile(schema),
    catch: (cause) => `is not a valid JSON Schema: ${cause instanceof Error ? cause.message : String(cause)}`,
  })

const linear = Object.assign(
  (pattern: string) => {
    const compiledPattern = Result.getOrThrowWith(
      Pattern.compile(pattern),
      (why) => new Error(`invalid pattern ${pattern}: ${why}`),
    )
    // By its text the compiler of schemas tells one pattern from another.
    return { test: (text: string) => compiledPattern.test(text), toString: () => pattern }
  },
  { code: "RE2JS" },
)

/** The library's own holds each item against every other. */
const uniqueItems = {
  keyword: "uniqueItems",
  type: "array",
  schemaType: "boolean",
  error: { message: "must NOT have duplicate items" },
  validate: (wanted: boolean, items: ReadonlyArray<unknown>) =>
    !wanted || new Set(items.map((item) => JSON.stringify(item, inNameOrder))).size === items.length,
} as const

const inNameOrder = (_name: string, value: unknown): unknown =>
  isObject(value) ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))) : value

const few = 1_000

const isSmall = (value: unknown): boolean => {
  const left: Array<unknown> = [value]
  for (let seen = 0; left.length > 0; seen++) {
    if (seen + left.length > few) return false
    const next = left.pop()
    if (typeof next !== "object" || next === null) continue
    const inner = Object.values(next)
    if (inner.length > few) return false
    left.push(...inner)
  }
  return true
}

const sentenceOf = ({ instancePath, keyword, params, message }: ErrorObject): string => {
  const path = pathOf(instancePath)
  if (keyword === "required") return `${path}.${params["missingProperty"]}: is missing but it is required`
  const extra = params["additionalProperty"] ?? params["unevaluatedProperty"]
  return extra === undefined ? `${path}: ${message ?? keyword}` : `${path}.${extra}: is not allowed`
}

const pathOf = (pointer: string): string =>
  `$${pointer
    .split("/")
    .slice(1)
    .map((step) => (/^\d+$/.test(step) ? `[${step}]` : `.${step.replaceAll("~1", "/").replaceAll("~0", "~")}`))
    .join("")}`

const declared = (schema: JsonObject | boolean, parameter: string): ReadonlyArray<string> => {
  const type = at(schema, "properties", "parameters", "properties", parameter, "type")
  const list = Array.isArray(type) ? type : [type]
  return list.flatMap((name) => (typeof name === "string" ? [name] : []))
}

const at = (value: Json, ...names: ReadonlyArray<string>): Json | undefined =>
  names.reduce<Json | undefined>(
    (inner, name) => (isObject(inner) && Object.hasOwn(inner, name) ? inner[name] : undefined),
    value,
  )
