/** Where a connector's secrets go: to its platforms, and to the issuer of its tokens. */
import type { Connector } from "@drawbar/blueprint-schema/Connector"
import * as UrlTemplate from "@drawbar/template-renderer/UrlTemplate"
import { Result } from "effect"

/** The origins, in the order of the actions; what cannot be compiled is sent nowhere. */
export const of = ({ actions, parameters }: Connector): ReadonlyArray<string> => {
  const issuer = URL.parse(parameters[tokenUrl] ?? "")
  const urls = actions.flatMap(({ url }) => Result.getOrUndefined(UrlTemplate.compile(url, parameters)) ?? [])
  return [...urls, ...(issuer === null ? [] : [issuer])].map(({ origin }) => origin)
}

/** The parameter with the URL of the issuer. */
export const tokenUrl = "oauth2_token_url"
