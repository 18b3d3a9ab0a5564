/**
 * Faults of an absolute URL in a document: one sentence for each fault, and how to correct it.
 *
 * Parsers silently repair many of these, each differently, so that two parsers could see two hosts. Source:
 * https://www.rfc-editor.org/rfc/rfc3986#section-3 and https://url.spec.whatwg.org/#host-parsing
 */

export interface UrlFault {
  readonly problem: string
  /** The correction, as an imperative sentence without its full stop. */
  readonly fix: string
  /** The offset of the fault in the text, in UTF-16 units. */
  readonly offset: number
}

/**
 * The maximum length of a host name in characters, including a dot at its end:
 * https://www.rfc-editor.org/rfc/rfc1035#section-3.1
 */
const maxHostLength = 254

const whole = "Write https://host or https://host:port, then the path"

/** The first fault of a URL, if any. A path is checked only for characters that cannot be percent-encoded. */
export const find = (url: string): UrlFault | undefined => {
  for (const check of checks) {
    const found = check(url)
    if (found !== undefined) return found
  }
  return undefined
}

type Check = (url: string) => UrlFault | undefined

const fault = (problem: string, fix: string, offset: number): UrlFault => ({ problem, fix, offset })

const empty: Check = (url) => (url.trim() === "" ? fault("it is empty", whole, 0) : undefined)

/** A blank that a publisher left for the reader to fill in. */
const placeholder: Check = (url) => {
  const found = /<[^<>]{2,}>/.exec(url)
  return found === null || /[/?#]/.test(url.slice(0, found.index).replace(/^[^/]*:\/\//, ""))
    ? undefined
    : fault(`${cut(found[0])} is a placeholder that is not filled in`, "Replace it with the real value", found.index)
}

const edges: Check = (url) => {
  const start = /^[\s\u200b\u2060\ufeff]+/.exec(url)
  if (start !== null) return fault(`it begins with ${named(url, 0)}`, "Remove it", 0)
  const end = /[\s\u200b\u2060\ufeff]+$/.exec(url)
  return end === null ? undefined : fault(`it has ${spaceOr(url, end.index)} at its end`, "Remove it", end.index)
}

const controls: Check = (url) => {
  const at = url.search(control)
  return at < 0 ? undefined : fault(`it has ${named(url, at)} at character ${at + 1}`, "Remove it", at)
}

const scheme: Check = (url) => {
  const [, name = "", rest = ""] = /^([a-z][a-z0-9+.-]*):([^]*)$/i.exec(url) ?? []
  // `localhost:8080/v1` is a host with a port, not a scheme.
  if (name === "" || (!rest.startsWith("/") && /^\d{1,5}(?:[/?#]|$)/.test(rest)))
    return url.includes("://")
      ? fault("the text before :// is not a scheme", "Write https:// or http:// first", 0)
      : url.startsWith("//")
        ? fault("the scheme is missing before //", "Write https: or http: before it", 0)
        : url.startsWith("/")
          ? fault("it is a path without scheme and host", whole, 0)
          : fault("the scheme is missing", "Write https:// or http:// before the host", 0)
  const lower = name.toLowerCase()
  if (lower !== "http" && lower !== "https")
    return fault(`its scheme is ${cut(name)}, not http or https`, "Write https:// or http://", 0)
  if (/^\\|^\/\\/.test(rest))
    return fault("it has a backslash instead of a slash", `Write ${lower}:// with two slashes`, name.length + 1)
  return rest.startsWith("//")
    ? undefined
    : fault(`two slashes are missing after ${lower}:`, `Write ${lower}://`, name.length + 1)
}

/** The part between `://` and the path, and its offset. */
const authorityOf = (url: string) => {
  const start = url.indexOf("://") + 3
  const length = url.slice(start).search(/[/?#]/)
  return { start, text: length < 0 ? url.slice(start) : url.slice(start, start + length) }
}

const twice: Check = (url) => {
  const { start, text } = authorityOf(url)
  return /^https?:?$/i.test(text) && /^https?:?\/\//i.test(url.slice(start))
    ? fault("its scheme occurs twice", "Remove one of them", start)
    : undefined
}

const userInfo: Check = (url) => {
  const { start, text } = authorityOf(url)
  return text.includes("@")
    ? fault(
        "it contains a user or a password",
        "Remove it, and put the secret into the connector's credential and an Authorization header",
        start,
      )
    : undefined
}

const host: Check = (url) => {
  const { start, text } = authorityOf(url)
  if (text === "") return fault("the host is missing after ://", whole, start)
  if (text.startsWith(":") && !/^:.*:/.test(text)) return fault("the host is missing before the port", whole, start)
  const backslash = text.indexOf("\\")
  if (backslash >= 0)
    return fault("it has a backslash before its path", "Write / between host and path", start + backslash)
  const space = text.search(/\s/)
  if (space >= 0) return fault(`its host contains ${spaceOr(text, space)}`, "Remove it", start + space)
  if (text.includes("[") || text.includes("]") || text.split(":").length > 2) return bracketed(text, start)
  const [name = "", port] = text.split(":")
  return hostName(name, start) ?? portFault(port, start + name.length + 1)
}

/** https://www.rfc-editor.org/rfc/rfc3986#section-3.2.2 */
const bracketed = (text: string, start: number): UrlFault | undefined => {
  const [, address, port] = /^\[([^[\]]*)\](?::(.*))?$/.exec(text) ?? []
  if (address === undefined)
    return /^[0-9a-f:.]+$/i.test(text) && text.split(":").length > 3
      ? fault("its IPv6 address is not in brackets", "Write [address], as in https://[2001:db8::1]/", start)
      : text.includes("[") || text.includes("]")
        ? fault("the brackets of its IPv6 address are not closed, or misplaced", "Write [address]", start)
        : fault("its host has more than one port", "Write host:port", start)
  if (address.includes("%"))
    return fault(
      "its IPv6 address has a zone, which is valid on one machine only",
      "Remove the % and what follows it",
      start,
    )
  return URL.canParse(`http://[${address}]/`)
    ? portFault(port, start + address.length + 3)
    : fault(`${cut(address) || "nothing"} in brackets is not an IPv6 address`, "Correct it", start)
}

const portFault = (port: string | undefined, offset: number): UrlFault | undefined => {
  if (port === undefined) return undefined
  if (port === "") return fault("the port is missing after its colon", "Write it, or remove the colon", offset)
  return /^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535
    ? undefined
    : fault(`its port ${cut(port)} is not a number from 1 to 65535`, "Correct it, or leave it out", offset)
}

const hostName = (name: string, start: number): UrlFault | undefined => {
  const foreign = name.search(/[^\x21-\x7e]/)
  if (foreign >= 0)
    return fault(
      `its host has ${named(name, foreign)}, and only ASCII is allowed`,
      punycode(name) ?? "Write the host in ASCII",
      start + foreign,
    )
  const invalidAt = name.search(/[^A-Za-z0-9._-]/)
  if (invalidAt >= 0)
    return fault(
      `its host has the character ${name[invalidAt]}`,
      name[invalidAt] === "%"
        ? "Write the host without percent-encoding"
        : "Remove it: a host consists of letters, digits, - and .",
      start + invalidAt,
    )
  if (name.length > maxHostLength)
    return fault(`its host is longer than ${maxHostLength} characters`, "Write a shorter one", start)
  const labels = name.replace(/\.$/, "").split(".")
  if (labels.includes("")) return fault("its host has an empty label", "Remove the extra dot", start)
  return URL.canParse(`http://${name}/`)
    ? undefined
    : fault(
        /[\d.]+$/.test(name)
          ? `its host ${cut(name)} is not an IPv4 address`
          : `its host ${cut(name)} is not a valid name`,
        "Correct it",
        start,
      )
}

const punycode = (name: string): string | undefined => {
  const host = URL.parse(`http://${name}/`)?.hostname
  return host?.startsWith("xn--") || host?.includes(".xn--") ? `Write ${host}` : undefined
}

// The order in which a reader would look: the whole text first, then from its start.
const checks: ReadonlyArray<Check> = [empty, placeholder, edges, controls, scheme, twice, userInfo, host]

const control = /\p{Cc}/u

const cut = (text: string): string => (text.length > 80 ? `${text.slice(0, 80)}…` : text)

const spaceOr = (text: string, at: number): string => (text[at] === " " ? "a space" : named(text, at))

const named = (text: string, at: number): string => {
  const code = text.codePointAt(at) ?? 0
  if (code === 0x20) return "white space"
  if (code === 0x0a || code === 0x0d) return "a line break"
  if (code === 0x09) return "a tab"
  const hex = `U+${code.toString(16).toUpperCase().padStart(4, "0")}`
  if (code < 0x20 || code === 0x7f) return `the control character ${hex}`
  return /\s|[\u200b\u2060\ufeff]/.test(String.fromCodePoint(code))
    ? `the invisible character ${hex}`
    : `the character ${String.fromCodePoint(code)} (${hex})`
}

/** How much of a URL a message shows, in characters. */
const shownLength = 300

/**
 * The URL for a message: shortened, with invisible characters escaped, without user and password, and without the
 * query, which may contain a key.
 */
export const shown = (url: string): string => {
  const text = url.replace(/^([a-z][a-z0-9+.-]*:[/\\]+)?[^/]*@/i, "$1***@").replace(/\?[^]+$/, "?…")
  const visible = text.slice(0, shownLength).replace(/[^\x20-\x7e]/g, spelled)
  return `"${visible}${text.length > shownLength ? "…" : ""}"`
}

/** Escaped as in JSON if a reader would not see the character. */
const spelled = (character: string): string =>
  character.charCodeAt(0) < 0x20
    ? JSON.stringify(character).slice(1, -1)
    : /[\s\u007f-\u009f\u200b\u2060\ufeff]/.test(character)
      ? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
      : character
