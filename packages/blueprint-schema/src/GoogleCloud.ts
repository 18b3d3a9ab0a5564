/**
 * What protocol `google_cloud` needs of a connector, by the names that ML Commons gives it.
 * Source: https://docs.opensearch.org/latest/ml-commons-plugin/remote-models/ and
 * https://developers.google.com/identity/protocols/oauth2/service-account
 */
import * as Reserved from "./ReservedParameters.ts"

/** Parameters without which no URL of Vertex AI can be written. */
export const parameters = [Reserved.projectId, Reserved.location, Reserved.model] as const

/** Secrets of a service account's key; `token_uri` may be left out. */
export const secrets = [Reserved.privateKey, Reserved.clientEmail] as const

/** The one origin that gives tokens for such a key, and where it does. */
export const tokenOrigin = "https://oauth2.googleapis.com"
export const tokenUri = `${tokenOrigin}/token`

/** The parameter that says whose identity is used, and its values: the connector's own key, or the server's own identity. */
export const authMode = Reserved.authMode
export const authModes = ["service_account", "adc"] as const

export const isServerIdentity = (connector: { readonly parameters: Readonly<Record<string, string>> }): boolean =>
  connector.parameters[authMode]?.toLowerCase() === "adc"

/** The scope of a token where the connector names none. */
export const cloudPlatform = "https://www.googleapis.com/auth/cloud-platform"

/** The scopes in a text: with spaces or commas between them, or a JSON list; nothing where one of them is none. */
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

/** Whether a `token_uri` leads to Google's own issuer: a key is shown to no other. */
export const isTokenUri = (text: string): boolean => {
  const url = URL.parse(text)
  return url !== null && url.origin === tokenOrigin && url.username === "" && url.password === "" && !/\s/.test(text)
}
