/**
 * The operator's outbound proxy. Drawbar requests a tunnel to each host by name, and the proxy resolves that name.
 * Source: https://www.rfc-editor.org/rfc/rfc9110#name-connect
 */
import { Result } from "effect"

export interface Proxy {
  readonly host: string
  readonly port: number
  /** The value of `Proxy-Authorization`. */
  readonly authorization: string | undefined
  /** Whether a host is reached directly, without the proxy. */
  readonly bypasses: (host: string, port: number) => boolean
}

type Environment = Readonly<Record<string, string | undefined>>

/** Reads the conventional variables `HTTPS_PROXY` and `NO_PROXY`, in upper or lower case; undefined if none is set. */
export const read = (environment: Environment): Result.Result<Proxy | undefined, string> => {
  const variable = (name: string) => environment[name.toLowerCase()] || environment[name]
  const text = variable("HTTPS_PROXY")
  if (text === undefined) return Result.succeed(undefined)
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== "http:" || url.hostname === "")
    return Result.fail("HTTPS_PROXY must have the form http://HOST:PORT or http://USER:PASSWORD@HOST:PORT.")
  const user = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  return Result.succeed({
    host: url.hostname.replaceAll(/^\[|\]$/g, ""),
    port: url.port === "" ? 80 : Number(url.port),
    authorization: user === ":" ? undefined : `Basic ${Buffer.from(user).toString("base64")}`,
    bypasses: bypassing(variable("NO_PROXY") ?? ""),
  })
}

/** Matches hosts and their subdomains, with or without a port; `*` matches every host. */
const bypassing = (list: string): Proxy["bypasses"] => {
  const entries = list.split(",").flatMap((entry) => entry.trim().toLowerCase() || [])
  return (host, port) =>
    entries.some((entry) => {
      const [, name = entry, only] = /^(.*?)(?::(\d+))?$/.exec(entry.replace(/^\*?\./, "")) ?? []
      if (only !== undefined && Number(only) !== port) return false
      return name === "*" || host === name || host.endsWith(`.${name}`)
    })
}
