/** The JSON Schema (2020-12) of a blueprint, for editors, derived from the decoder and the checks. */
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

/** A word of a list in any letter case, as on the wire. */
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
  action_type: word(
    ConnectorAction.types,
    "The purpose of the action; a predict request uses the first PREDICT action",
  ),
  name: text("Another name by which callers can select the action"),
  method: word(ConnectorAction.methods, "The HTTP method"),
  url: text(
    "The URL of the request. It may contain ${parameters.x}, but only the connector can set scheme, host and port",
  ),
  headers: texts("Names and values; only here is ${credential.x} allowed"),
  request_body: text("The body, as a template: ${parameters.x}, or ${parameters.x:-default}"),
  pre_process_function: processFunction(Names.preProcess, "Converts text_docs and similar input to parameters"),
  post_process_function: processFunction(Names.postProcess, "Converts the provider's response to tensors"),
  supports_structured_output: {
    description: "Whether callers may request a response in a given format",
    type: "boolean",
  },
}

const fields: Record<keyof typeof Document.fields, JsonObject> = {
  connector_id: text("An id of your choice; generated if absent"),
  name: text("The display name"),
  description: text("A description of the group"),
  version: { description: "A version number of your choice", type: scalar },
  protocol: { description: "How requests are authenticated", enum: ConnectorProtocol.names },
  parameters: {
    description: "The connector's own values for placeholders, and the parameters that Drawbar itself reads",
    type: "object",
    properties: described(Reserved.parameters),
    additionalProperties: true,
  },
  credential: {
    description: "Secrets by name; stored encrypted, never shown",
    type: "object",
    properties: described(Reserved.credentials, secret),
    additionalProperties: secret,
  },
  actions: {
    description: "The requests that the connector can send",
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
    description: "Settings of the HTTP client; times in seconds unless their names say otherwise",
    type: "object",
    properties: clientConfig(),
    additionalProperties: false,
  },
  openai: {
    description: "How calls in OpenAI's API are taken: docs/openai.md",
    type: "object",
    properties: {
      accept: {
        description:
          "The fields of a request that are sent, beside messages; all that the provider documents if absent",
        type: "array",
        items: { type: "string" },
      },
      messages: text("The parameter of the template that the messages fill"),
      content: text("The JSONPath of the text in the provider's response"),
      drop_unsupported: {
        description: "Leave out a field that cannot be sent, and name it in x-drawbar-dropped",
        type: "boolean",
      },
    },
    additionalProperties: false,
  },
  access_mode: word(AccessMode.literals, "Who may use the connector"),
  backend_roles: { type: "array", items: { type: "string" } },
  add_all_backend_roles: { type: "boolean" },
  dry_run: { description: "If true, only validates the document and creates nothing", type: "boolean" },
  provisioned_by: text("The tool that created the connector"),
}

// Derived from the decoder, with the defaults.
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
  properties: { $schema: text("For editors; ignored by Drawbar"), ...fields },
  required: ["name", "version", "protocol", "actions"],
  additionalProperties: false,
}
