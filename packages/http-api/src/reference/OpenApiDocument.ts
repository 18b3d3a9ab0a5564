/** The OpenAPI document of the whole API: derived from the contracts, with texts, examples, security and servers added. */
import { jsonSchema } from "@drawbar/blueprint-schema/BlueprintJsonSchema"
import * as EndpointPolicy from "@drawbar/http-server/access/EndpointPolicy"
import type { Kind } from "@drawbar/http-server/access/Permission"
import * as Json from "@drawbar/json-text/Json"
import * as OpenApi from "effect/http-api/OpenApi"
import { DrawbarApi } from "../routes/DrawbarApi.ts"
import { type OperationExample, examples } from "./OperationExamples.ts"
import * as OperationTexts from "./OperationTexts.ts"

/** An API that a server serves beside ML Commons' own. */
export interface FurtherApi {
  /** The one tag of its operations. */
  readonly name: string
  /** As `OpenApi.fromApi` makes it from the contracts. */
  readonly document: () => unknown
  readonly permissions: () => ReadonlyMap<string, Kind | undefined>
  readonly description: string
  /** By the name of the endpoint. */
  readonly texts: Readonly<Record<string, OperationTexts.OperationText>>
  readonly examples: Readonly<Record<string, OperationExample>>
  readonly parameters: Readonly<Record<string, string>>
  /** The statuses of its failures, and the body of one. */
  readonly statuses: ReadonlyArray<number>
  readonly failure: { readonly schema: Json.JsonObject; readonly example: (message: string) => Json.JsonObject }
}

/** The same for every caller, and made when it is first asked for: it takes a tenth of a second. */
export const lazily = (further: ReadonlyArray<FurtherApi> = []): (() => Json.JsonObject) => {
  let made: Json.JsonObject | undefined
  return () => (made ??= make(further))
}

const make = (further: ReadonlyArray<FurtherApi>): Json.JsonObject => {
  const own = Json.objectIn(JSON.stringify(OpenApi.fromApi(DrawbarApi))) ?? {}
  const { info, paths: _, components: __, tags, ...rest } = own
  const all = [own, ...further.map(({ document }) => Json.objectIn(JSON.stringify(document())) ?? {})]
  // The rest of a path is one parameter.
  const paths = Object.fromEntries(
    all.flatMap((one) =>
      Object.entries(asObject(one["paths"])).map(([path, value]) => [path.replace("}*", "}"), value]),
    ),
  )
  const schemas = Object.assign({}, ...all.map((one) => asObject(one["components"])["schemas"]))
  const permissions = new Map([
    ...EndpointPolicy.permissionsOf(DrawbarApi),
    ...further.flatMap((one) => [...one.permissions()]),
  ])
  const apiOf = (operation: Json.JsonObject) =>
    further.find(({ name }) => String(operation["operationId"]).startsWith(`${name}.`))
  return {
    ...rest,
    info: { ...asObject(info), description, license: { name: "Apache-2.0", identifier: "Apache-2.0" } },
    servers: [{ url: "/", description: "This server" }],
    security,
    tags: [
      ...asList(tags).map((tag) => described(asObject(tag), OperationTexts.tags[String(asObject(tag)["name"])])),
      ...further.map(({ name, description: text }) => ({ name, description: text })),
    ],
    paths: mapped(paths, (path) =>
      mapped(asObject(path), (operation) => ofOperation(asObject(operation), permissions, apiOf(asObject(operation)))),
    ),
    components: {
      schemas: { ...mapped(asObject(schemas), simplified), Blueprint: blueprintSchema },
      responses: Object.fromEntries([
        ...Object.entries(errors).map(([status, text]) => [`Error${status}`, ofError(Number(status), text)] as const),
        ...further.flatMap(({ name, statuses, failure }) =>
          statuses.map((status) => [`${name}Error${status}`, ofFailure(status, failure)] as const),
        ),
      ]),
      securitySchemes: {
        apiKey: { type: "http", scheme: "bearer", description: "An API key, or a token of the issuer in --jwt" },
        basic: { type: "http", scheme: "basic", description: "The name and the password of a user" },
      },
    },
  }
}

const description = [
  "Drawbar connects applications to model providers. A blueprint and a key make a connector; a model uses a connector, is deployed, and is called with `_predict`.",
  "The paths are those of OpenSearch ML Commons, so that its clients work unchanged.",
  "",
  "A server that was started with `--auth on` requires an API key or Basic credentials; each operation names the permission that it needs. Without it, the server listens on loopback only and requires none.",
].join("\n")

const security: Json.Json = [{ apiKey: [] }, { basic: [] }]

const ofOperation = (
  operation: Json.JsonObject,
  permissions: ReadonlyMap<string, Kind | undefined>,
  further: FurtherApi | undefined,
): Json.JsonObject => {
  const { operationId, parameters, requestBody, responses, ...rest } = operation
  const id = String(operationId)
  const name = id.slice(id.indexOf(".") + 1)
  const text = further === undefined ? OperationTexts.find(id) : further.texts[name]
  const needs = permissions.get(id)
  const access = needs === undefined ? "Every caller may send it." : `Requires the permission \`${needs}\`.`
  const example = (further === undefined ? examples[id] : further.examples[name]) ?? {}
  return {
    ...rest,
    operationId: id,
    ...(text === undefined ? {} : { summary: text.summary }),
    description: text?.description === undefined ? access : `${text.description} ${access}`,
    security: needs === undefined ? [] : security,
    parameters: asList(parameters).map((parameter) => ofParameter(asObject(parameter), further?.parameters)),
    ...(requestBody === undefined ? {} : { requestBody: ofRequest(id, asObject(requestBody), example) }),
    responses: Object.fromEntries([
      ...Object.entries(asObject(responses))
        .filter(([status]) => further === undefined || !(status in errors))
        .map(([status, response]) => [
          status,
          status in errors ? refTo(`Error${status}`) : ofSuccess(asObject(response), example),
        ]),
      ...(further?.statuses ?? []).map((status) => [status, refTo(`${further?.name}Error${status}`)]),
    ]),
  }
}

const refTo = (response: string): Json.JsonObject => ({ $ref: `#/components/responses/${response}` })

const ofParameter = (
  parameter: Json.JsonObject,
  texts: Readonly<Record<string, string>> = OperationTexts.parameters,
): Json.JsonObject => ({
  ...described(parameter, texts[String(parameter["name"])]),
  schema: simplified(parameter["schema"] ?? {}),
})

const takesBlueprint = new Set(["connectors.create", "connectors.validate"])

const ofRequest = (id: string, body: Json.JsonObject, { request }: OperationExample): Json.JsonObject => ({
  ...body,
  content: mapped(asObject(body["content"]), (media) => ({
    schema: takesBlueprint.has(id)
      ? { $ref: "#/components/schemas/Blueprint" }
      : simplified(asObject(media)["schema"] ?? {}),
    ...(request === undefined ? {} : { example: asJson(request) }),
  })),
})

const ofSuccess = (success: Json.JsonObject, { response }: OperationExample): Json.JsonObject => {
  const { content, ...rest } = success
  if (content === undefined) return rest
  return {
    ...rest,
    content: mapped(asObject(content), (media) => ({
      schema: simplified(asObject(media)["schema"] ?? {}),
      ...(response === undefined ? {} : { example: asJson(response) }),
    })),
  }
}

/** Why a request fails with a status. A predict passes its provider's status on. */
const errors: Readonly<Record<string, string>> = {
  400: "The request is not valid, or cannot be carried out; the reason says what to do",
  401: "Authentication is required or failed; from a predict with `error.remote`, the provider rejected the connector's credential",
  403: "The principal lacks a permission; from a predict with `error.remote`, the provider denied access",
  404: "No such record; from a predict with `error.remote`, the provider has no such path or model",
  405: "The path has no such method; the header Allow lists those that it has",
  406: "The content type, or the format of the response, is not supported",
  409: "The record exists, is used by others, or was changed at the same time",
  413: "The body is too large",
  415: "The provider does not take the content type",
  422: "The provider rejects the content of the request",
  429: "A rate limit, a quota or the provider's own limit is reached; see Retry-After",
  500: "A failure of this server or of the provider",
  501: "Not implemented",
  502: "The provider's response cannot be used, or it cannot be reached",
  503: "The server is overloaded or stopping, or the provider is; see Retry-After",
  504: "No response in time",
}

const ofError = (status: number, description: string): Json.JsonObject => {
  const cause = { type: "status_exception", reason: description }
  return {
    description,
    content: {
      "application/json": {
        schema: { $ref: "#/components/schemas/ErrorEnvelope" },
        example: { error: { root_cause: [cause], ...cause }, status },
      },
    },
  }
}

const ofFailure = (status: number, { schema, example }: FurtherApi["failure"]): Json.JsonObject => {
  const description = errors[status] ?? ""
  return { description, content: { "application/json": { schema, example: example(description) } } }
}

const blueprintSchema: Json.JsonObject = (({ $schema: _, $id: __, ...schema }) => schema)(jsonSchema)

/** A value or null in one type, and no schema that matches everything beside others. */
const simplified = (schema: Json.Json): Json.Json => {
  if (Array.isArray(schema)) return schema.map(simplified)
  if (!Json.isObject(schema)) return schema
  const whole = mapped(schema, simplified)
  if (!Array.isArray(whole["anyOf"])) return whole
  const { anyOf, ...rest } = whole
  const some = asList(anyOf)
    .map(asObject)
    .filter((one) => Object.keys(one).length > 0)
  const isTyped = some.every((one) => Object.keys(one).join() === "type" && typeof one["type"] === "string")
  return isTyped ? { ...rest, type: some.flatMap((one) => one["type"] ?? []) } : { ...rest, anyOf: some }
}

const described = (value: Json.JsonObject, description: string | undefined): Json.JsonObject =>
  description === undefined ? value : { ...value, description }

const mapped = (value: Json.JsonObject, change: (member: Json.Json) => Json.Json): Json.JsonObject =>
  Object.fromEntries(Object.entries(value).map(([name, member]) => [name, change(member)]))

const asObject = (value: Json.Json | undefined): Json.JsonObject => (Json.isObject(value) ? value : {})
const asList = (value: Json.Json | undefined): ReadonlyArray<Json.Json> => (Array.isArray(value) ? value : [])
const asJson = (value: unknown): Json.Json => JSON.parse(JSON.stringify(value))
