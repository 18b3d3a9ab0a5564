/** A request as text: as it goes over the wire, or as a command for curl. */
import type { RenderedRequest } from "@drawbar/http-api/predictions/PredictionsApi"

type Rendered = typeof RenderedRequest.Type

export const toText = ({ method, url, headers, body }: Rendered): string =>
  [
    `${method} ${url}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...(body === undefined ? [] : ["", body]),
  ].join("\n")

export const toCurl = ({ method, url, headers, body }: Rendered): string =>
  [
    `curl -X ${method} ${quoted(url)}`,
    ...Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    ...(body === undefined ? [] : [`--data-binary ${quoted(body)}`]),
  ].join(" \\\n  ")

/** A POSIX shell takes everything between single quotes as it is. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
