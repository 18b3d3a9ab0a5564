import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { isIP } from "node:net"
import process from "node:process"
import * as Destination from "../src/Destination.ts"
import * as EgressPolicy from "../src/EgressPolicy.ts"
import * as IpAddress from "../src/IpAddress.ts"
import * as Addresses from "./fixtures/Addresses.ts"

const table: ReadonlyArray<readonly [reach: IpAddress.Reach, ...addresses: ReadonlyArray<string>]> = [
  ["public", "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "128.0.0.0"],
  ["public", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0"],
  ["public", "198.17.255.255", "198.20.0.0", "223.255.255.255", "192.0.1.0", "168.63.129.15"],
  ["public", "2606:4700:4700::1111", "2000::1", "2001:200::1", "2001:4860:4860::8888", "2a00::1", "3ffe:ffff::1"],
  ["public", "::ffff:8.8.8.8", "::ffff:808:808", "64:ff9b::8.8.8.8", "64:ff9b::808:808"],
  ["private", "10.0.0.0", "10.255.255.255", "100.64.0.0", "127.0.0.1", "172.16.0.0", "192.168.255.255"],
  ["private", "::1", "fc00::", "fd00:42::1", "fdff:ffff:ffff::1", "::ffff:10.0.0.1", "64:ff9b::192.168.0.1"],
  ["forbidden", "0.0.0.0", "169.254.169.254", "168.63.129.16", "100.100.100.200", "192.0.0.192", "224.0.0.1"],
  [
    "forbidden",
    "fd00:c1::a9fe:a9fe",
    "fd00:42::42",
    "fd20:ce::254",
    "8.8.8.010",
    "08.8.8.8",
    "255.255.255.255",
    "198.18.0.1",
    "203.0.113.7",
    "240.0.0.1",
  ],
  [
    "forbidden",
    "::",
    "::2",
    "::8.8.8.8",
    "::ffff:0:8.8.8.8",
    "64:ff9b:1::8.8.8.8",
    "100::1",
    "fe80::1",
    "fe80::1%eth0",
  ],
  [
    "forbidden",
    "2001::1",
    "2001:1ff::1",
    "2001:db8::1",
    "2002:808:808::1",
    "3fff::1",
    "4000::",
    "ff02::1",
    "fd00:ec2::254",
  ],
  [
    "forbidden",
    "",
    "localhost",
    "127.1",
    "0x7f.0.0.1",
    "256.0.0.1",
    "1.2.3.4.5",
    ":",
    ":::",
    "1::2::3",
    "::g",
    "[::1]",
  ],
]

describe("reach of an address", () => {
  for (const [reach, ...addresses] of table)
    it.each(addresses)(`%j: ${reach}`, (address) => assert.strictEqual(IpAddress.reach(address), reach))

  it("includes the first and last address of every range, and excludes their neighbours", () => {
    for (const [first, last] of [
      ["10.0.0.0", "10.255.255.255"],
      ["100.64.0.0", "100.127.255.255"],
      ["127.0.0.0", "127.255.255.255"],
      ["169.254.0.0", "169.254.255.255"],
      ["172.16.0.0", "172.31.255.255"],
      ["192.168.0.0", "192.168.255.255"],
      ["198.18.0.0", "198.19.255.255"],
      ["2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"],
      ["2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
    ] as const) {
      assert.notStrictEqual(IpAddress.reach(first), "public", first)
      assert.notStrictEqual(IpAddress.reach(last), "public", last)
    }
  })
})

/** The reach of a URL's host, determined the way that a request does. */
type Subject = (host: string) => IpAddress.Reach | "refused" | "name"

const subject: Subject = (host) =>
  Result.match(Destination.make(`http://${host}/`, everywhere), {
    onFailure: () => "refused",
    onSuccess: (destination) => (isIP(destination.host) === 0 ? "name" : IpAddress.reach(destination.host)),
  })
const everywhere = Result.getOrThrow(EgressPolicy.make({ trustedEndpoints: ["^https?://.*$"] }))

/** The first notation for which two tables disagree. */
const disagreement = (of: Subject, runs: number, seed: number): string | undefined => {
  const next = Addresses.random(seed)
  for (let run = 0; run < runs; run++) {
    const { host, reach } = Addresses.spelled(next)
    const found = of(host)
    if (found !== reach) return `${host} is ${found}, and by the second table ${reach}`
  }
  return undefined
}

const runs = Number(process.env["DRAWBAR_ADDRESSES"] ?? 40_000)
const seed = Number(process.env["DRAWBAR_SEED"] ?? Math.floor(Math.random() * 2 ** 32))

const hostOf = (host: string) => URL.parse(`http://${host}/`)?.hostname.replaceAll(/^\[|\]$/g, "") ?? ""
const unread = (host: string) => (isIP(host) === 4 ? subject(host) : subject(host) === "refused" ? "refused" : "name")

describe(`an independent table (DRAWBAR_SEED=${seed})`, () => {
  it(`agrees on ${runs} addresses in all notations`, () => assert.isUndefined(disagreement(subject, runs, seed)))

  const but =
    (range: RegExp, reach: ReturnType<Subject>): Subject =>
    (host) =>
      subject(host) !== "refused" && range.test(hostOf(host)) ? reach : subject(host)
  const asSpelt =
    (spelling: RegExp, reach: ReturnType<Subject>): Subject =>
    (host) =>
      spelling.test(host) ? reach : subject(host)
  it.each<[string, Subject]>([
    ["a missing network", but(/^10\./, "public")],
    ["a missing small network", but(/^192\.0\.0\./, "public")],
    ["a missing single address", but(/^100\.100\.100\.200$/, "private")],
    ["a network one bit too wide", but(/^172\.32\./, "private")],
    ["a network that ends one address too early", but(/^100\.127\.255\.255$/, "public")],
    ["a missing half of the unique local addresses", but(/^fd/, "public")],
    ["unassigned addresses treated as public", but(/^[4-9]...:/, "public")],
    ["mapped addresses not unwrapped", but(/^::ffff:/, "public")],
    ["translated addresses not unwrapped", but(/^64:ff9b::/, "public")],
    ["6to4 treated as public", but(/^2002:/, "public")],
    ["Teredo treated as public", but(/^2001:0?:/, "public")],
    ["octal numbers read as decimal", (host) => subject(host.replaceAll(/(?<![^.])0+(?=[1-9])/g, ""))],
    ["hexadecimal numbers treated as names", asSpelt(/^0x/i, "name")],
    ["short forms treated as names", asSpelt(/^\d+(\.\d+){0,2}$/, "name")],
    ["a trailing dot treated as a name", asSpelt(/\.$/, "name")],
    ["encoded digits treated as a name", asSpelt(/%3/, "name")],
    [
      "only four decimal numbers treated as an address",
      (host) => (host.startsWith("[") ? subject(host) : unread(host)),
    ],
    ["zones ignored", (host) => subject(host.replace(/%.*\]/, "]"))],
    ["full-width digits read", (host) => subject(host.normalize("NFKC").replaceAll("\u3002", "."))],
    ["users ignored", (host) => subject(host.replace(/^.*@/, ""))],
  ])("detects %s", (_, faulty) => assert.isDefined(disagreement(faulty, 40_000, seed)))
})
