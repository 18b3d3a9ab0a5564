/**
 * What protocol `google_cloud` requires of a connector, under ML Commons' names. Source:
 * https://docs.opensearch.org/latest/ml-commons-plugin/remote-models/ and
 * https://developers.google.com/identity/protocols/oauth2/service-account
 */
import * as Reserved from "./ReservedParameters.ts"

/** Parameters that every Vertex AI URL needs. */
export const parameters = [Reserved.projectId, Reserved.location, Reserved.model] as const

/** Secrets of a service account key; `token_uri` is optional. */
export const secrets = [Reserved.privateKey, Reserved.clientEmail] as const

/** The only origin that issues tokens for such a key, and its endpoint. */
export const tokenOrigin = "https://oauth2.googleapis.com"
export const tokenUri = `${tokenOrigin}/token`

/** The parameter that selects the identity, and its values: the connector's own key, or the server's own identity. */
export const authMode = Reserved.authMode
export const authModes = ["service_account", "adc"] as const

export const isServerIdentity = (connector: { readonly parameters: Readonly<Record<string, string>> }): boolean =>
  connector.parameters[authMode]?.toLowerCase() === "adc"

/** The default scope of a token. */
export const cloudPlatform = "https://www.googleapis.com/auth/cloud-platform"

/** The scopes in a text, separated by spaces or commas, or as a JSON list; undefined if one of them is invalid. */
export const scopes = (text: string | undefined): string | undefined => {
  if (text === undefined) return cloudPlatform
  const words = text
    .replaceAll(/[[\]"]/g, " ")
    .split(/[\s,]+/)
    .filter((word) => word !== "")
  return words.length > 0 && words.every((word) => /^https:\/\/www\.googleapis\.com\/auth\/[\w./-]+$/.test(word))
    ? words.join(" ")
    : undefined
}

/** Whether a `token_uri` is Google's own issuer: a key is never sent to another. */
export const isTokenUri = (text: string): boolean => {
  const url = URL.parse(text)
  return url !== null && url.origin === tokenOrigin && url.username === "" && url.password === "" && !/\s/.test(text)
}
