/** Reads the fields of an OpenAI request one after the other, and remembers which of them a provider cannot be told. */
import * as Json from "@drawbar/json-text/Json"
import { textOf } from "@drawbar/template-renderer/Parameter"
import { Result } from "effect"
import type { Member } from "./BodyMembers.ts"
import * as Conversation from "./Conversation.ts"
import type { Fields, InvalidField, Translation, Unsupported } from "./Dialect.ts"

/** Values that ask for what every provider does anyway. */
const neutral: Readonly<Record<string, ReadonlyArray<string>>> = {
  n: ["1"],
  logprobs: ["false"],
  store: ["false"],
  parallel_tool_calls: ["true"],
  frequency_penalty: ["0"],
  presence_penalty: ["0"],
  response_format: ['{"type":"text"}'],
  modalities: ['["text"]'],
  service_tier: ['"auto"'],
  tool_choice: ['"auto"'],
  tools: ["[]"],
}

/** Read by Drawbar itself. */
const own = new Set(["model", "stream", "stream_options", "messages"])

export interface Tool {
  readonly name: string
  readonly description: string | undefined
  readonly parameters: Json.JsonObject | undefined
  readonly strict: boolean
}

export class RequestFields {
  readonly members: Array<Member> = []
  readonly conversation: Conversation.Conversation
  readonly #fields: Fields
  readonly #read = new Set<string>()
  readonly #unsupported: Array<Unsupported>

  constructor(fields: Fields, conversation: Conversation.Conversation) {
    this.#fields = fields
    this.conversation = conversation
    this.#unsupported = [...conversation.unsupported]
  }

  /** The value of a field; nothing where it is absent or says what holds anyway. */
  take(name: string): Json.Json | undefined {
    this.#read.add(name)
    const given = this.#fields.get(name)
    if (given === undefined) return undefined
    if (given._tag === "Text") return isNeutral(name, JSON.stringify(given.text)) ? undefined : given.text
    if (isNeutral(name, given.json)) return undefined
    const parsed = Json.parse(given.json)
    return Result.isSuccess(parsed) ? parsed.success : this.refuse(name, parsed.failure.message)
  }

  /** Adds a member to the provider's body. */
  set(field: string, path: Member["path"], value: Json.Json | undefined, isDefault = false): void {
    if (value !== undefined) this.members.push({ field, path, json: Json.stringify(value), isDefault })
  }

  /** The fields that the provider has under a name of its own, with the same values. */
  rename(names: Readonly<Record<string, Member["path"]>>): void {
    for (const [field, path] of Object.entries(names)) this.set(field, path, this.take(field))
  }

  refuse(field: string, why: string): undefined {
    this.#unsupported.push({ field, why })
    return undefined
  }

  /** The first of these fields that is there, and all of them as read. */
  first(...names: ReadonlyArray<string>): { readonly field: string; readonly value: Json.Json } | undefined {
    const found = names.flatMap((field) => {
      const value = this.take(field)
      return value === undefined ? [] : [{ field, value }]
    })
    return found[0]
  }

  /** One of a provider's words for a field. */
  oneOf(name: string, words: ReadonlyArray<string>, provider: string): string | undefined {
    const given = this.take(name)
    if (given === undefined || (typeof given === "string" && words.includes(given))) return given
    return this.refuse(name, `${provider} takes one of [${words.join(", ")}]`)
  }

  stop(): ReadonlyArray<Json.Json> | undefined {
    const given = this.take("stop")
    return given === undefined ? undefined : Array.isArray(given) ? given : [given]
  }

  /** What is left over is what the provider has not. */
  translation(provider: string): Translation {
    for (const name of this.#fields.keys())
      if (!own.has(name) && !this.#read.has(name) && this.take(name) !== undefined)
        this.refuse(name, `${provider} has no such field`)
    return { members: this.members, unsupported: this.#unsupported }
  }

  /** The tools that are functions. */
  tools(): ReadonlyArray<Tool> {
    const given = this.take("tools")
    return (Array.isArray(given) ? given : []).flatMap((tool: Json.Json) => {
      const fn = Json.isObject(tool) ? tool["function"] : undefined
      if (!Json.isObject(fn) || typeof fn["name"] !== "string") {
        this.refuse("tools[].type", "only tools of the type function are translated")
        return []
      }
      const { description, parameters } = fn
      return [
        {
          name: fn["name"],
          description: typeof description === "string" ? description : undefined,
          parameters: Json.isObject(parameters) ? parameters : undefined,
          strict: fn["strict"] === true,
        },
      ]
    })
  }

  /** `auto`, `none`, `required`, or the one tool that has to be called. */
  toolChoice(): "none" | "required" | { readonly name: string } | undefined {
    const given = this.take("tool_choice")
    if (given === undefined || given === "auto") return undefined
    if (given === "none" || given === "required") return given
    const fn = Json.isObject(given) ? given["function"] : undefined
    if (Json.isObject(fn) && typeof fn["name"] === "string") return { name: fn["name"] }
    return this.refuse("tool_choice", "use auto, none, required, or one function")
  }

  /** The JSON Schema that the answer has to follow, or `json` for any object. */
  responseFormat(): "json" | { readonly name: string; readonly schema: Json.JsonObject } | undefined {
    const given = this.take("response_format")
    if (given === undefined) return undefined
    const type = Json.isObject(given) ? given["type"] : undefined
    if (type === "json_object") return "json"
    const inner = Json.isObject(given) ? given["json_schema"] : undefined
    const schema = Json.isObject(inner) ? inner["schema"] : undefined
    if (type !== "json_schema" || !Json.isObject(inner) || !Json.isObject(schema))
      return this.refuse("response_format", "use text, json_object, or json_schema with a schema")
    return { name: typeof inner["name"] === "string" ? inner["name"] : "response", schema }
  }
}

const isNeutral = (name: string, json: string): boolean =>
  Object.hasOwn(neutral, name) &&
  neutral[name]?.includes(json.replaceAll(/\s+/g, "").replace(/^(0|1)\.0+$/, "$1")) === true

/** Reads the messages, then hands the fields to a translator. */
export const translate =
  (provider: string, write: (fields: RequestFields) => void) =>
  (fields: Fields): Result.Result<Translation, InvalidField> => {
    const messages = fields.get("messages")
    return Result.map(Conversation.parse(messages && textOf(messages)), (conversation) => {
      const reading = new RequestFields(fields, conversation)
      write(reading)
      return reading.translation(provider)
    })
  }

/** An object without the members that are undefined. */
export const compact = (members: Readonly<Record<string, Json.Json | undefined>>): Json.JsonObject =>
  Object.fromEntries(
    Object.entries(members).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
  )

/** The arguments of a call as an object. */
export const argumentsOf = (text: string): Json.JsonObject => Json.objectIn(text) ?? {}
