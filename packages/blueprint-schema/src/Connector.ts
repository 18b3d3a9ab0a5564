/** A connector as it is stored and returned. It has no field for a secret. */
import { Schema } from "effect"
import { ClientConfig } from "./ClientConfig.ts"
import { type ActionType, ConnectorAction, types } from "./ConnectorAction.ts"
import { ConnectorProtocol } from "./ConnectorProtocol.ts"
import { OpenAiSection } from "./OpenAiSection.ts"

export const AccessMode = Schema.Literals(["public", "private", "restricted"])
export type AccessMode = typeof AccessMode.Type

/** The fields that determine what is called and how; all that the runtime reads. */
export const Connector = Schema.Struct({
  name: Schema.optionalKey(Schema.String),
  version: Schema.optionalKey(Schema.String),
  description: Schema.optionalKey(Schema.String),
  protocol: ConnectorProtocol,
  parameters: Schema.Record(Schema.String, Schema.String),
  actions: Schema.Array(ConnectorAction),
  client_config: Schema.optionalKey(ClientConfig),
  openai: Schema.optionalKey(OpenAiSection),
  provisioned_by: Schema.optionalKey(Schema.String),
})
export type Connector = typeof Connector.Type

/**
 * The requested action: the first match by type, otherwise by name. `requested` is an action type in any case, or the
 * exact name of an action.
 */
export const findAction = (connector: Connector, requested: string): ConnectorAction | undefined => {
  const type = types.find((known: ActionType) => known === requested.toUpperCase())
  return connector.actions.find((action) =>
    type === undefined ? action.name === requested : action.action_type === type,
  )
}
