/**
 * Checks where a request comes from. Drawbar spends its operator's keys, so it rejects requests of web pages, whether sent to a
 * name rebound to loopback or from another origin.
 * Source: https://fetch.spec.whatwg.org/#http-origin and https://www.w3.org/TR/fetch-metadata/
 */
import type { IncomingHttpHeaders } from "node:http"
import { Context } from "effect"

/** Declared by a contract that is served under any name of this machine and to any origin, as probes of health need it. */
export const AnyOrigin = Context.Reference<boolean>("@drawbar/http-server/OriginCheck/AnyOrigin", {
  defaultValue: () => false,
})

export interface OriginCheck {
  /** The sentence that refuses a request, or nothing. `authority` is the host that the request line itself names, if it does. */
  readonly refusal: (headers: IncomingHttpHeaders, authority?: string) => string | undefined
}

/**
 * `hosts` are extra `Host` values, with their ports, that the operator allows. Where callers must authenticate (`anyHost`), any
 * name is accepted: a page that rebinds a name has no key.
 */
export const make = (port: number, hosts: ReadonlyArray<string>, anyHost = false): OriginCheck => {
  const known = new Set(["localhost", "127.0.0.1", "[::1]"].map((name) => `${name}:${port}`))
  if (port === 80) for (const name of ["localhost", "127.0.0.1", "[::1]"]) known.add(name)
  for (const host of hosts) known.add(host.toLowerCase())
  return {
    refusal: (headers, authority) => {
      const named = authority?.toLowerCase()
      const host = named !== undefined && !known.has(named) && !anyHost ? named : headers.host?.toLowerCase()
      if (host === undefined || host.includes(",") || !(anyHost || known.has(host)))
        return `Host [${host ?? ""}] is not a name of this server. Use [localhost:${port}], or start it with --allow-host ${host ?? "HOST:PORT"}.`
      if (headers.origin !== undefined && !isSameHost(headers.origin, host))
        return "Requests of web pages are refused: this server spends its operator's keys. Call it from a program."
      const site = headers["sec-fetch-site"]
      if (site !== undefined && site !== "same-origin" && site !== "none")
        return "Requests of other web sites are refused: this server spends its operator's keys. Call it from a program."
      return undefined
    },
  }
}

const isSameHost = (origin: string, host: string) => origin === `http://${host}` || origin === `https://${host}`
