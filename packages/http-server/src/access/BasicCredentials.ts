/**
 * The name and the password of Basic credentials.
 * Source: https://www.rfc-editor.org/rfc/rfc7617
 */
import type { IncomingHttpHeaders } from "node:http"

/** Whether a name has what a terminal would do, and not show: it stands in the log. */
export const isUnprintable = (name: string): boolean =>
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u.test(name)

type Authorization = Pick<IncomingHttpHeaders, "authorization">

/** The name that a caller claims; it is not verified here. */
export const of = (headers: Authorization): string | undefined => pair(headers)?.name

export const pair = ({
  authorization,
}: Authorization): { readonly name: string; readonly password: string } | undefined => {
  const [, credentials] = /^basic\s+([A-Za-z0-9+/=]+)\s*$/i.exec(authorization ?? "") ?? []
  if (credentials === undefined) return undefined
  const text = Buffer.from(credentials, "base64").toString("utf8")
  const colon = text.indexOf(":")
  return colon < 1 || isUnprintable(text.slice(0, colon))
    ? undefined
    : { name: text.slice(0, colon), password: text.slice(colon + 1) }
}
