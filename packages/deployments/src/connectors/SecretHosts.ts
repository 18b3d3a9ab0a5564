/**
 * To which hosts a secret of the operator's may be sent: a connector's author says where a secret goes, so that a reference alone would
 * give every author the value.
 */
import { Result } from "effect"

/** A reference, or the beginning of several where it ends in `*`, and a host that it may be sent to. */
export interface SecretHost {
  readonly reference: string
  /** A host, or `*.` and a domain; with `:port` where it is not 443. */
  readonly host: string
}

/** Reads `REFERENCE=HOST`; fails with the rest of a sentence. */
export const read = (text: string): Result.Result<SecretHost, string> => {
  const [, reference = "", host = ""] = /^((?:env|file|vault|arn):[^*]*\*?)=([^=]+)$/s.exec(text) ?? []
  return reference !== "" && /^(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::\d{1,5})?$/i.test(host)
    ? Result.succeed({ reference, host: host.toLowerCase() })
    : Result.fail("is not of the form REFERENCE=HOST, such as env:DRAWBAR_SECRET_COHERE=api.cohere.ai")
}

/** The first origin that a reference may not be sent to. One that no entry names may be sent to every trusted platform. */
export const foreign = (
  entries: ReadonlyArray<SecretHost>,
  reference: string,
  origins: ReadonlyArray<string>,
): string | undefined => {
  const hosts = entries.filter((entry) => covers(entry, reference)).map(({ host }) => host)
  return hosts.length === 0 ? undefined : origins.find((origin) => !hosts.some((host) => allows(host, origin)))
}

const covers = ({ reference: listed }: SecretHost, reference: string): boolean =>
  listed.endsWith("*") ? reference.startsWith(listed.slice(0, -1)) : reference === listed

const allows = (listed: string, origin: string): boolean => {
  const url = URL.parse(origin)
  if (url === null) return false
  const [, host = "", port = "443"] = /^(.*?)(?::(\d+))?$/.exec(listed) ?? []
  const isHost = host.startsWith("*.") ? url.hostname.endsWith(host.slice(1)) : url.hostname === host
  return isHost && (url.port || (url.protocol === "https:" ? "443" : "80")) === port
}
