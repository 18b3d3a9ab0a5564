/** Models whose upstream is a loopback socket, and the settings that allow connectors to call it. */
import { assert } from "vitest"
import { ask } from "./AuthenticatedServer.ts"

export const settings = {
  "plugins.ml_commons.trusted_connector_endpoints_regex": ["^http://127\\.0\\.0\\.1:\\d+/.*$"],
  "plugins.ml_commons.connector.private_ip_enabled": true,
}

export interface Options {
  readonly path?: string
  readonly request_body?: string
  readonly parameters?: object
  readonly client_config?: object
}

/** Registers a model; returns its id. */
export const register = async (
  url: string,
  port: number,
  { path = "/", request_body = "{}", ...connector }: Options = {},
): Promise<string> => {
  const made = await ask(url, undefined, "POST", "/_plugins/_ml/models/_register", {
    name: "m",
    function_name: "remote",
    connector: {
      name: "c",
      version: 1,
      protocol: "http",
      actions: [{ action_type: "predict", method: "POST", url: `http://127.0.0.1:${port}${path}`, request_body }],
      ...connector,
    },
  })
  assert.strictEqual(made.status, 200, made.text)
  return made.json.model_id
}
