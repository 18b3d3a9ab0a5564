/** Says of a failed response which connector called which host, and what to do: the provider's words alone could be taken for Drawbar's own. */
import * as AwsSigning from "@drawbar/blueprint-schema/AwsSigning"
import type { Connector } from "@drawbar/blueprint-schema/Connector"
import type { ConnectorAction } from "@drawbar/blueprint-schema/ConnectorAction"
import { ConnectorError, InvalidUpstreamResponse, type Remote, UpstreamError } from "../ConnectorError.ts"

/** The ids by which the connector can be changed; none where it is used as a library. */
export interface ConnectorRef {
  /** Absent for a connector that is embedded in its model. */
  readonly connectorId?: string | undefined
  readonly modelId?: string | undefined
}

export interface UpstreamCall {
  readonly connector: Connector
  readonly ref: ConnectorRef
  readonly credentialNames: ReadonlyArray<string>
  readonly action: ConnectorAction
  /** Scheme, host and port. */
  readonly origin: string
}

/** The same error, with the call that failed; errors of anything but a response stay as they are. */
export const explained = (error: ConnectorError, call: UpstreamCall): ConnectorError => {
  const { reason } = error
  if (reason._tag === "InvalidUpstreamResponse") {
    const { remote, message } = reason
    return message.includes(call.origin)
      ? error
      : ConnectorError.from(
          new InvalidUpstreamResponse({
            remote,
            message: joined(message, `${sourceOf(call, remote)}: ${shown(call)}`),
          }),
        )
  }
  if (reason._tag !== "UpstreamError" || reason.summary !== undefined) return error
  const { remote, message, type } = reason
  const sentence = `${sourceOf(call, remote)}: ${adviceOf(call, remote)}`
  return ConnectorError.from(
    new UpstreamError({
      remote,
      message: joined(message, sentence),
      summary: `Error from remote service: ${sentence}`,
      ...(type === undefined ? {} : { type }),
    }),
  )
}

const joined = (first: string, second: string): string =>
  /[.!?…]$/.test(first) ? `${first} ${second}` : `${first}. ${second}`

const sourceOf = ({ connector, ref, origin }: UpstreamCall, { status }: Remote): string => {
  const name = connector.name === undefined ? "" : ` ${JSON.stringify(connector.name)}`
  const owner =
    ref.connectorId !== undefined
      ? `connector${name} (${ref.connectorId})`
      : ref.modelId === undefined
        ? `connector${name}`
        : `connector${name} of the model ${ref.modelId}`
  return `Status ${status} is from ${origin}, which the ${owner} called`
}

const adviceOf = (call: UpstreamCall, { status, retryAfterMillis }: Remote): string => {
  if (status === 401 || status === 403) return ofCredential(call, status)
  if (status === 404)
    return `the provider has no such path or model. Check the url of its action and its model parameter: ${look(call)}`
  if (status === 429) {
    const wait = retryAfterMillis === undefined ? "later" : `in ${Math.ceil(retryAfterMillis / 1_000)} s`
    return `the provider limits the rate. Retry ${wait}, or have the connector retry by itself: set client_config.max_retry_times (${look(call)})`
  }
  if (status >= 500) return `the provider failed. Retry later; ${shown(call)}`
  if (status >= 400) return `the provider rejected the request. ${capital(shown(call))}`
  return `the provider reports a failure. ${capital(shown(call))}`
}

const ofCredential = (call: UpstreamCall, status: number): string => {
  const names = usedNames(call)
  const credential =
    names.length === 0 ? "a request without a credential" : `the credential ${names.join(" and ")} of this connector`
  const what = status === 401 ? `rejected ${credential}` : `denied access to ${credential}`
  return `the provider, not Drawbar, ${what}. ${capital(replacing(call, names))}`
}

const replacing = ({ ref: { connectorId, modelId } }: UpstreamCall, names: ReadonlyArray<string>): string => {
  const given = names.length === 0 ? ["NAME"] : names
  if (connectorId !== undefined)
    return `replace it with: drawbar connector update ${connectorId} ${given.map((name) => `--credential ${name}=env:VARIABLE`).join(" ")}`
  const document = `{"connector": {"credential": {${given.map((name) => `"${name}": "…"`).join(", ")}}}}`
  return modelId === undefined
    ? `replace it in the connector's credential`
    : `replace it with: drawbar model update ${modelId} FILE, with the file ${document}`
}

/** The credential that the action sends: those of its headers, else those that sign or fetch a token. */
const usedNames = ({ connector, credentialNames, action }: UpstreamCall): ReadonlyArray<string> => {
  const templates = Object.values(action.headers ?? {}).join("\n")
  const inHeaders = credentialNames.filter((name) => templates.includes(`\${credential.${name}}`))
  if (inHeaders.length > 0) return inHeaders
  const keys: ReadonlyArray<string> = [...AwsSigning.accessKey, ...AwsSigning.secretKey, ...AwsSigning.borrowed]
  return connector.protocol === "aws_sigv4" ? credentialNames.filter((name) => keys.includes(name)) : credentialNames
}

const look = ({ ref: { connectorId, modelId } }: UpstreamCall): string =>
  connectorId !== undefined
    ? `drawbar connector get ${connectorId}`
    : modelId !== undefined
      ? `drawbar model get ${modelId}`
      : "see its document"

const shown = ({ ref: { connectorId, modelId } }: UpstreamCall): string => {
  if (modelId !== undefined) return `to see the request: drawbar render ${modelId}`
  return connectorId === undefined
    ? "check the request that it renders"
    : `to make one call stage by stage: drawbar connector test ${connectorId}`
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
