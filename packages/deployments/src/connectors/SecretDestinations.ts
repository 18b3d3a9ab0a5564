/** Where a connector's secrets go: to its platforms, and to the issuer of its tokens. */
import * as Reserved from "@drawbar/blueprint-schema/ReservedParameters"
import type { Connector } from "@drawbar/blueprint-schema/Connector"
import * as UrlTemplate from "@drawbar/template-renderer/UrlTemplate"
import { Result } from "effect"

/** The origins, in the order of the actions; what cannot be compiled is sent nowhere. */
export const of = ({ actions, parameters }: Connector): ReadonlyArray<string> => {
  const issuer = URL.parse(parameters[Reserved.tokenUrl] ?? "")
  const urls = actions.flatMap(
    ({ url }) => Result.getOrUndefined(UrlTemplate.compile(url, parameters, Reserved.templates.url)) ?? [],
  )
  return [...urls, ...(issuer === null ? [] : [issuer])].map(({ origin }) => origin)
}
