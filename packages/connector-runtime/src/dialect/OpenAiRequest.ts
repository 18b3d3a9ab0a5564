/** A call in OpenAI's API as the parameters of an action, and what its body gets beside them. */
import { isNull, json, text, textOf, type Value } from "@drawbar/template-renderer/Parameter"
import { Result } from "effect"
import { ConnectorError, InvalidInput, invalidInput } from "../ConnectorError.ts"
import type { Parameters } from "../call/PredictInput.ts"
import * as BodyMembers from "./BodyMembers.ts"
import type { CompiledDialect } from "./CompiledDialect.ts"
import * as Conversation from "./Conversation.ts"
import * as Dialects from "./Dialects.ts"
import type { Fields, Translation, Unsupported } from "./Dialect.ts"
import type { OpenAiCall } from "./OpenAiCall.ts"

export interface OpenAiRequest {
  readonly parameters: Parameters
  /** Adds to a rendered body what its template has no placeholder for. */
  readonly amend: (body: string) => Result.Result<string, ConnectorError>
}

/** `given`: the fields of the call by OpenAI's names. */
export const make = (
  compiled: CompiledDialect,
  call: OpenAiCall,
  given: Parameters = new Map(),
): Result.Result<OpenAiRequest, ConnectorError> => {
  const fields = new Map([...given].filter(([, value]) => !isNull(value)))
  const left = notAccepted(compiled, call, fields)
  for (const { field } of left) fields.delete(field)
  return Result.flatMap(translations[call.operation](compiled, fields), (translation) => {
    const { members, unsupported } = translation
    const refused = [...left, ...unsupported]
    const harmless = refused.filter(({ isHarmless }) => isHarmless === true).map(({ field }) => field)
    const fault = refusing(
      compiled,
      call,
      refused.filter(({ isHarmless }) => isHarmless !== true),
    )
    if (fault !== undefined) return Result.fail(fault)
    if (harmless.length > 0) call.dropped(harmless)
    return Result.succeed({
      parameters: new Map([...(translation.parameters ?? parametersOf(compiled, members)), ...streams(compiled)]),
      amend: (body) => amended(compiled, call, body, members),
    })
  })
}

interface Translated extends Translation {
  /** In place of those that the members are. */
  readonly parameters?: Parameters
}

type Translate = (compiled: CompiledDialect, fields: Fields) => Result.Result<Translated, ConnectorError>

/** For a template with `"stream": ${parameters.stream}`; a stream has a value of its own. */
const streams = ({ placeholders }: CompiledDialect): ReadonlyArray<readonly [string, Value]> =>
  placeholders.has("stream") ? [["stream", json("false")]] : []

/** Sent in any case, or read by Drawbar. */
const always = new Set(["messages", "stream_options"])

const notAccepted = ({ section }: CompiledDialect, { operation }: OpenAiCall, fields: Fields) => {
  const { accept } = section
  return accept === undefined || operation !== "chat"
    ? []
    : [...fields.keys()]
        .filter((field) => !always.has(field) && !accept.includes(field))
        .map((field): Unsupported => ({ field, why: "openai.accept of this model leaves it out" }))
}

/** How many fields a refusal names. */
const maxReasons = 20

/** The refusal of what cannot be sent, unless the model lets it be dropped. */
const refusing = (
  { section }: CompiledDialect,
  { dropped }: OpenAiCall,
  refused: ReadonlyArray<Unsupported>,
): ConnectorError | undefined => {
  const [first] = refused
  if (first === undefined) return undefined
  const names = [...new Set(refused.map(({ field }) => field))]
  if (section.drop_unsupported === true) return void dropped(names)
  const reasons = [...new Set(refused.map(({ field, why }) => `${field} (${why})`))]
  const more = reasons.length > maxReasons ? `, and ${reasons.length - maxReasons} more` : ""
  const message = `This model cannot take ${reasons.slice(0, maxReasons).join(", ")}${more}. Leave it out, or set "openai": {"drop_unsupported": true} in the model to have it dropped`
  return ConnectorError.from(new InvalidInput({ message, param: first.field }))
}

const chat: Translate = (compiled, given) => {
  const { dialect, section } = compiled
  if (section.messages !== undefined) return declared(compiled, section.messages, given)
  if (dialect === undefined)
    return Result.fail(
      invalidInput(
        'The URL of this connector speaks no chat API that Drawbar knows. Add to the model "openai": {"messages": "<parameter of the template that takes the messages>", "content": "<JSONPath of the text in the response>"}',
      ),
    )
  const fields = dialect === Dialects.openAi ? ofTemplate(compiled, given) : given
  const extra = [...fields].filter(([field]) => section.accept?.includes(field) === true)
  return Result.map(Result.mapError(dialect.request(fields), invalidField), ({ members, unsupported }) => ({
    members: [...members, ...ofAccept(extra, members)],
    unsupported: unsupported.filter(({ field }) => section.accept?.includes(field) !== true),
  }))
}

/** OpenAI has two names for one bound, and refuses both at once: a template that has one of them is sent that. */
const ofTemplate = ({ placeholders }: CompiledDialect, fields: Fields): Fields => {
  const names = ["max_tokens", "max_completion_tokens"]
  const given = names.find((name) => fields.has(name))
  const wanted = names.find((name) => placeholders.has(name))
  if (given === undefined || wanted === undefined || fields.has(wanted)) return fields
  return new Map([...fields].map(([name, value]) => [name === given ? wanted : name, value]))
}

/** Fields beyond OpenAI's that the author lists go as they are. */
const ofAccept = (
  extra: ReadonlyArray<readonly [string, Value]>,
  members: Translation["members"],
): Translation["members"] =>
  extra
    .filter(([field]) => !members.some((member) => member.field === field))
    .map(([field, value]) => ({ field, path: [field], json: jsonOf(value) }))

const jsonOf = (value: Value): string => (value._tag === "Text" ? JSON.stringify(value.text) : value.json)

const invalidField = ({ field, message }: { readonly field: string; readonly message: string }) =>
  ConnectorError.from(new InvalidInput({ message, param: field }))

/** The messages fill one parameter; every other field needs a placeholder of its name. */
const declared = (
  { placeholders }: CompiledDialect,
  name: string,
  fields: Fields,
): Result.Result<Translated, ConnectorError> => {
  const messages = fields.get("messages")
  const read = Conversation.parse(messages && textOf(messages))
  return Result.map(Result.mapError(read, invalidField), (conversation) => {
    const isText = placeholders.get(name)?.position === "string" || placeholders.get(name)?.position === "text"
    const parameters = new Map<string, Value>([
      [name, isText ? text(transcript(conversation)) : json(textOf(messages ?? text("[]")))],
    ])
    const unsupported: Array<Unsupported> = []
    for (const [field, given] of fields) {
      const target = [field, field === "max_completion_tokens" ? "max_tokens" : field].find((one) =>
        placeholders.has(one),
      )
      if (field === "messages" || field === "stream_options") continue
      if (target === undefined) unsupported.push({ field, why: "the connector's template has no place for it" })
      else parameters.set(target, given)
    }
    return { members: [], unsupported, parameters }
  })
}

/** A conversation as the prompt of a model that completes a text; a single message as it stands. */
const transcript = ({ turns }: Conversation.Conversation): string => {
  const [only] = turns
  const lines = turns.map((turn) => ({
    role: turn.role,
    said: "parts" in turn ? Conversation.textIn(turn.parts) : turn.text,
  }))
  if (turns.length === 1 && only?.role === "user") return lines[0]?.said ?? ""
  return `${lines.map(({ role, said }) => `${role}: ${said}`).join("\n\n")}\n\nassistant:`
}

/** The fields of an embedding beside its input. */
const embeddings: Translate = ({ embeddings: known, placeholders }, fields) => {
  const members: Array<BodyMembers.Member> = []
  const unsupported: Array<Unsupported> = []
  const parameters = new Map<string, Value>()
  for (const [field, value] of fields) {
    const path = field === "dimensions" ? known?.dimensions : field === "user" ? known?.user : undefined
    if (placeholders.has(field)) parameters.set(field, value)
    else if (path === undefined) unsupported.push({ field, why: "the model's provider has no such field" })
    else members.push({ field, path, json: jsonOf(value) })
  }
  const own = [...parameters, ...BodyMembers.topLevel(members)]
  return Result.succeed({ members, unsupported, parameters: new Map(own) })
}

const responses: Translate = ({ isResponses }, fields) =>
  isResponses
    ? Result.succeed({
        members: [...fields].map(([field, value]) => ({ field, path: [field], json: jsonOf(value) })),
        unsupported: [],
      })
    : Result.fail(
        invalidInput(
          "The connector of this model does not speak OpenAI's Responses API. Call it with /v1/chat/completions, or make a connector whose URL ends in /responses",
        ),
      )

const translations: Readonly<Record<OpenAiCall["operation"], Translate>> = { chat, embeddings, responses }

/**
 * Members as parameters too, for the templates that have placeholders of their names: that of the body's own member, the last of its
 * path (`maxOutputTokens`), or OpenAI's. A default does not outrank the author's value.
 */
const parametersOf = ({ placeholders }: CompiledDialect, members: Translation["members"]): Parameters => {
  const isWanted = (member: BodyMembers.Member, name: string) => {
    const placeholder = placeholders.get(name)
    return member.isDefault !== true || (placeholder?.authored === false && placeholder.default === undefined)
  }
  // A text is one of JSON where the template has no quotes around it.
  const fit = (name: string, value: Value): Value =>
    value._tag === "Text" && placeholders.get(name)?.position === "value" ? json(JSON.stringify(value.text)) : value
  const own = BodyMembers.topLevel(members.filter((member) => isWanted(member, member.path[0])))
  const parameters = new Map([...own].map(([name, value]) => [name, fit(name, value)] as const))
  for (const member of members)
    for (const name of [member.path.at(-1) ?? "", member.field])
      if (placeholders.has(name) && !parameters.has(name) && isWanted(member, name))
        parameters.set(name, fit(name, BodyMembers.valueOf(member.json)))
  return parameters
}

const amended = (
  compiled: CompiledDialect,
  call: OpenAiCall,
  body: string,
  members: Translation["members"],
): Result.Result<string, ConnectorError> => {
  const others = members.filter((member) => !isThere(compiled, member))
  if (others.length === 0) return Result.succeed(body)
  const merged = BodyMembers.add(body, others)
  if (merged === undefined)
    return Result.fail(
      invalidInput(
        'The request_body of this connector is not a JSON object, to which fields could be added. Add to the model "openai": {"messages": "<parameter of the template>", "content": "<JSONPath of the text in the response>"}',
      ),
    )
  const fault = refusing(
    compiled,
    call,
    merged.fixed.map((field) => ({ field, why: whyFixed(field) })),
  )
  return fault === undefined ? Result.succeed(merged.body) : Result.fail(fault)
}

/** Whether a member is in the body as it was given, so that it need not be compared. */
const isThere = ({ spliced }: CompiledDialect, { path: [name, ...inner], json, isDefault }: BodyMembers.Member) =>
  inner.length === 0 && isDefault !== true && spliced.has(name) && (json.startsWith("[") || json.startsWith("{"))

const whyFixed = (field: string): string =>
  field === "messages"
    ? 'the connector\'s template fixes it: write ${parameters.messages} there, or name the parameter that it has by "openai": {"messages": "<parameter>"} in the model'
    : "the connector's template fixes it otherwise"
