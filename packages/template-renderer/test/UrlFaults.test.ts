import { Result } from "effect"
import { describe, expect, it } from "vitest"
import * as UrlFault from "../src/UrlFault.ts"
import * as UrlTemplate from "../src/UrlTemplate.ts"

/** The kind of fault, a URL that has it, and its message. */
const kinds: ReadonlyArray<readonly [kind: string, url: string, sentence: string]> = [
  ["nothing", "", "it is empty"],
  ["blanks alone", "  ", "it is empty"],
  ["no scheme", "api.example.com/v1", "the scheme is missing."],
  ["no scheme before a port", "localhost:8080/v1", "the scheme is missing."],
  ["no scheme before two slashes", "//api.example.com/v1", "the scheme is missing before //"],
  ["a path alone", "/v1/embed", "it is a path without scheme and host"],
  ["words before the scheme", "POST https://api.example.com/v1", "the text before :// is not a scheme"],
  ["another scheme", "ftp://api.example.com/v1", "its scheme is ftp, not http or https"],
  ["a misspelt scheme", "htps://api.example.com/v1", "its scheme is htps, not http or https"],
  ["a scheme of sockets", "wss://api.example.com/v1", "its scheme is wss, not http or https"],
  ["a file", "file:///etc/passwd", "its scheme is file, not http or https"],
  ["one slash", "https:/api.example.com/v1", "two slashes are missing after https:"],
  ["no slash", "https:api.example.com/v1", "two slashes are missing after https:"],
  ["two schemes", "https://https://api.example.com/v1", "its scheme occurs twice"],
  ["a user", "https://alice@api.example.com/v1", "it contains a user or a password"],
  ["a password", "https://alice:pa55word@api.example.com/v1", "it contains a user or a password"],
  ["no host", "https:///v1", "the host is missing after ://"],
  ["nothing after the scheme", "https://", "the host is missing after ://"],
  ["a port alone", "https://:443/v1", "the host is missing before the port"],
  ["a port that is too large", "https://api.example.com:99999/v1", "its port 99999 is not a number from 1 to 65535"],
  ["a port of zero", "https://api.example.com:0/v1", "its port 0 is not a number from 1 to 65535"],
  ["a port in letters", "https://api.example.com:https/v1", "its port https is not a number"],
  ["an empty port", "https://api.example.com:/v1", "the port is missing after its colon"],
  ["two ports", "https://api.example.com:80:81/v1", "its host has more than one port"],
  ["backslashes for slashes", "https:\\\\api.example.com\\v1", "it has a backslash instead of a slash"],
  ["a backslash after the host", "https://api.example.com\\v1", "it has a backslash before its path"],
  ["a space in the host", "https://api example.com/v1", "its host contains a space"],
  ["a space at the end", "https://api.example.com/v1 ", "it has a space at its end"],
  ["a line break at the end", "https://api.example.com/v1\n", "it has a line break at its end"],
  ["a space at the start", " https://api.example.com/v1", "it begins with white space"],
  ["a byte order mark", "\uFEFFhttps://api.example.com/v1", "it begins with the invisible character U+FEFF"],
  ["a line break inside", "https://api.example.com/\nv1", "it has a line break at character 25"],
  ["a tab inside", "https://api.exa\tmple.com/v1", "it has a tab at character 16"],
  ["a control character", "https://api.example.com/\u0007v1", "the control character U+0007"],
  ["an IPv6 address without brackets", "https://2001:db8::1/v1", "its IPv6 address is not in brackets"],
  ["an open bracket", "https://[::1/v1", "the brackets of its IPv6 address are not closed"],
  ["no address in brackets", "https://[zz::1]/v1", "zz::1 in brackets is not an IPv6 address"],
  ["a zone", "https://[fe80::1%25eth0]/v1", "its IPv6 address has a zone"],
  ["an invalid IPv4 address", "https://256.1.1.1/v1", "its host 256.1.1.1 is not an IPv4 address"],
  ["a host that is not ASCII", "https://exämple.com/v1", "its host has the character ä (U+00E4)"],
  ["a percent-encoded host", "https://%61pi.example.com/v1", "its host has the character %"],
  ["a wildcard", "https://*.example.com/v1", "its host has the character *"],
  ["a brace", "https://{resource}.example.com/v1", "its host has the character {"],
  ["an empty label", "https://api..example.com/v1", "its host has an empty label"],
  ["a long host", `https://${"a.".repeat(130)}com/v1`, "its host is longer than 254 characters"],
  ["a placeholder", "https://<PLEASE ADD YOUR HOST>/v1", "<PLEASE ADD YOUR HOST> is a placeholder"],
  ["a placeholder for all of it", "<PLEASE ADD YOUR ENDPOINT URL HERE>", "is a placeholder that is not filled in"],
]

const messageOf = (source: string, author: Readonly<Record<string, string>> = {}): string =>
  Result.match(UrlTemplate.compile(source, author), { onSuccess: () => "", onFailure: ({ message }) => message })

describe("a URL that cannot be sent", () => {
  it.each(kinds)("%s: %j has its own message", (_, url, sentence) => {
    expect(messageOf(url)).toContain(sentence)
    expect(messageOf(url)).toMatch(/^url: /)
  })

  it.each(kinds)("%s: names the parameter that contains it, and the resulting URL", (_, url, sentence) => {
    const message = messageOf("${parameters.endpoint}", { endpoint: url })
    expect(message).toContain(sentence)
    expect(message).toContain("The problem is in parameter 'endpoint'.")
    expect(message).toContain(`The URL resolved to: ${UrlFault.shown(url)}`)
  })

  it("names the innermost of nested parameters", () => {
    expect(messageOf("${parameters.base}/v1", { base: "https://${parameters.host}", host: "a b.example" })).toContain(
      "The problem is in parameter 'host'.",
    )
  })

  it("names no parameter if the fault is in the template itself", () => {
    expect(messageOf("https://a b.example/${parameters.path}", { path: "v1" })).not.toContain("brought")
  })

  it("names the placeholder of a faulty default", () => {
    expect(messageOf("https://${parameters.host:-a b}/v1")).toContain("The problem is in parameter 'host'.")
  })

  it.each(["https://a.example/x#y", "https://a.example/a/../b", "https://a.example/a/%2e"])(
    "%s shows the resulting URL",
    (url) => expect(messageOf(url)).toContain(`The URL resolved to: "${url}"`),
  )

  it("shows no user and no password", () => {
    for (const url of [
      "https://alice:pa55word@a.example/",
      "https:\\\\alice:pa55word@a.example",
      "alice:pa55word@a b",
      "https://alice:pa55?word@a b/",
    ])
      expect(UrlFault.shown(url)).not.toMatch(/alice|pa55|word/)
  })

  it("shows no query, which may contain a key", () =>
    expect(messageOf("https://a b/v1?key=pa55word")).toContain('The URL resolved to: "https://a b/v1?…"'))

  it("shows only part of a long URL", () => {
    expect(messageOf(`https://a b/${"c".repeat(1_000_000)}`).length).toBeLessThan(1_000)
  })
})

describe("a URL that can be sent", () => {
  it.each([
    "https://api.example.com/v1",
    "HTTPS://API.EXAMPLE.COM/v1?a=b c",
    "http://127.0.0.1:8080",
    "http://[2001:db8::1]:8080/v1",
    "https://xn--exmple-cua.com./v1",
    "https://a_b.example/v1//x",
    "https://a.example?q=<x>",
    "https://a.example/<x>/v1",
  ])("%s has no fault", (url) => {
    expect(UrlFault.find(url)).toBeUndefined()
    expect(messageOf(url)).toBe("")
  })
})

/**
 * Every text that the URL parser would repair, remove or read differently has a message: the two never see different
 * hosts.
 */
describe("text between scheme and path", () => {
  const seed = Number(process.env["DRAWBAR_PROPERTY_SEED"] ?? Date.now() % 2 ** 31)
  it(`is rejected, or is the host that the parser sees (DRAWBAR_PROPERTY_SEED=${seed})`, () => {
    let state = seed
    const next = (below: number) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
      return (state >>> 8) % below
    }
    const alphabet = [..."ab1.-_:@[]%\\/?#<>{}|^~!$&'()*+,;= \t\n\"`", "ä", "。", "\u200b", "127.0.0.1", "::1", "0x7f"]
    for (let run = 0; run < 50_000; run++) {
      const text = Array.from({ length: next(8) }, () => alphabet[next(alphabet.length)]).join("")
      const url = `https://${text}/v1`
      if (UrlFault.find(url) !== undefined) continue
      const [, host = ""] = /^([^/?#]*)/.exec(text) ?? []
      const parsed = URL.parse(url)
      expect(parsed, url).not.toBeNull()
      expect(parsed?.username, url).toBe("")
      const isNumber = /^[\d.a-fx[\]:]+$/i.test(host)
      if (!isNumber)
        expect(parsed?.host, url).toBe(
          host
            .toLowerCase()
            .replace(/:443$/, "")
            .replace(/:0*(\d)/, ":$1"),
        )
    }
  })
})
