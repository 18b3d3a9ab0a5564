/**
 * The name that a caller gives himself. Nobody's password is asked yet, so that it opens nothing: it says whose calls of a
 * model are counted together.
 * Source: https://www.rfc-editor.org/rfc/rfc7617
 */
import type { IncomingHttpHeaders } from "node:http"

export const of = ({ authorization }: IncomingHttpHeaders): string | undefined => {
  const [, credentials] = /^basic\s+([A-Za-z0-9+/=]+)\s*$/i.exec(authorization ?? "") ?? []
  if (credentials === undefined) return undefined
  const pair = Buffer.from(credentials, "base64").toString("utf8")
  const colon = pair.indexOf(":")
  return colon < 1 ? undefined : pair.slice(0, colon)
}
