/** The JSON Schema (2020-12) of a blueprint, for editors: what may stand where, as the decoder and the checks say it. */
import * as Reserved from "./ReservedParameters.ts"
import { Schema } from "effect"
import { ActionDocument, Document } from "./Blueprint.ts"
import { ClientConfig, defaults } from "./ClientConfig.ts"
import { AccessMode } from "./Connector.ts"
import * as ConnectorAction from "./ConnectorAction.ts"
import * as ConnectorProtocol from "./ConnectorProtocol.ts"
import type { JsonObject } from "@drawbar/json-text/Json"
import * as Names from "./ProcessFunctionName.ts"

const $id = "urn:drawbar:blueprint"

/** A word of a list, in the letters given or in other case, as the wire takes it. */
const word = (words: ReadonlyArray<string>, description: string): JsonObject => ({
  description,
  type: "string",
  anyOf: [
    { enum: words.flatMap((one) => (one === one.toLowerCase() ? [one] : [one, one.toLowerCase()])) },
    { pattern: `^(?:${words.map(anyCase).join("|")})$` },
  ],
})

const anyCase = (one: string) =>
  one.replaceAll(/[a-zA-Z]/g, (letter) => `[${letter.toUpperCase()}${letter.toLowerCase()}]`)

/** A built-in function, or a script. */
const processFunction = (names: ReadonlyArray<string>, description: string): JsonObject => ({
  description: `${description}: a built-in function, or a script in Painless`,
  type: "string",
  anyOf: [{ enum: names }, { not: { pattern: "^connector\\." } }],
})

const text = (description: string): JsonObject => ({ description, type: "string" })
const scalar = ["string", "number", "boolean"]
const secret = { type: [...scalar, "null"] }
const described = (
  names: ReadonlyArray<{ readonly name: string; readonly description: string }>,
  rest: JsonObject = {},
): JsonObject => Object.fromEntries(names.map(({ name, description }) => [name, { description, ...rest }]))
const texts = (description: string): JsonObject => ({
  description,
  type: "object",
  additionalProperties: { type: scalar },
})

const actionFields: Record<keyof typeof ActionDocument.fields, JsonObject> = {
  action_type: word(ConnectorAction.types, "What the action is for; a predict uses the first PREDICT"),
  name: text("Another name by which callers may ask for the action"),
  method: word(ConnectorAction.methods, "The HTTP method"),
  url: text("Where the request goes: ${parameters.x} may stand in it; scheme, host and port are the connector's alone"),
  headers: texts("Names and values; ${credential.x} may stand here and nowhere else"),
  request_body: text("The body, as a template: ${parameters.x}, or ${parameters.x:-default}"),
  pre_process_function: processFunction(Names.preProcess, "Makes parameters out of text_docs and the like"),
  post_process_function: processFunction(Names.postProcess, "Makes tensors out of the platform's answer"),
  supports_structured_output: {
    description: "Whether callers may ask for an answer of a certain shape",
    type: "boolean",
  },
}

const fields: Record<keyof typeof Document.fields, JsonObject> = {
  connector_id: text("An id of your own; made if absent"),
  name: text("What people call it"),
  description: text("What it is for"),
  version: { description: "Yours to count", type: scalar },
  protocol: { description: "How requests are authorised", enum: ConnectorProtocol.names },
  parameters: {
    description: "The connector's own values for placeholders, and the parameters that Drawbar itself reads",
    type: "object",
    properties: described(Reserved.parameters),
  },
  credential: {
    description: "Secrets by name; stored sealed, never shown",
    type: "object",
    properties: described(Reserved.credentials, secret),
    additionalProperties: secret,
  },
  actions: {
    description: "What the connector can do",
    type: "array",
    minItems: 1,
    items: {
      type: "object",
      properties: actionFields,
      required: ["action_type", "method", "url"],
      additionalProperties: false,
    },
  },
  client_config: {
    description: "How the HTTP client behaves; times in seconds unless their names say otherwise",
    type: "object",
    properties: clientConfig(),
    additionalProperties: false,
  },
  access_mode: word(AccessMode.literals, "Who may use it"),
  backend_roles: { type: "array", items: { type: "string" } },
  add_all_backend_roles: { type: "boolean" },
  dry_run: { description: "Only looks at the document, and creates nothing", type: "boolean" },
  provisioned_by: text("What made it"),
}

// Taken from the decoder, with what holds where nothing is said.
function clientConfig(): JsonObject {
  const { schema } = Schema.toJsonSchemaDocument(ClientConfig)
  const properties: JsonObject = JSON.parse(JSON.stringify(schema["properties"]))
  const known: JsonObject = JSON.parse(JSON.stringify(defaults))
  return Object.fromEntries(
    Object.entries(properties).map(([name, property]) => [
      name,
      known[name] === undefined ? property : { ...Object(property), default: known[name] },
    ]),
  )
}

export const jsonSchema: JsonObject = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  $id,
  title: "Blueprint of a connector",
  type: "object",
  properties: { $schema: text("For editors; nobody else reads it"), ...fields },
  required: ["name", "version", "protocol", "actions"],
  additionalProperties: false,
}
