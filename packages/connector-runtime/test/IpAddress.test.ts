import { assert, describe, it } from "@effect/vitest"
import { BlockList } from "node:net"
import * as IpAddress from "../src/IpAddress.ts"

const table: ReadonlyArray<readonly [reach: IpAddress.Reach, ...addresses: ReadonlyArray<string>]> = [
  ["public", "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "128.0.0.0"],
  ["public", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0"],
  ["public", "198.17.255.255", "198.20.0.0", "223.255.255.255", "192.0.1.0", "168.63.129.15"],
  ["public", "2606:4700:4700::1111", "2000::1", "2001:200::1", "2001:4860:4860::8888", "2a00::1", "3ffe:ffff::1"],
  ["public", "::ffff:8.8.8.8", "::ffff:808:808", "64:ff9b::8.8.8.8", "64:ff9b::808:808"],
  ["private", "10.0.0.0", "10.255.255.255", "100.64.0.0", "127.0.0.1", "172.16.0.0", "192.168.255.255"],
  ["private", "::1", "fc00::", "fdff:ffff:ffff::1", "::ffff:10.0.0.1", "64:ff9b::192.168.0.1"],
  ["forbidden", "0.0.0.0", "169.254.169.254", "168.63.129.16", "100.100.100.200", "192.0.0.192", "224.0.0.1"],
  ["forbidden", "255.255.255.255", "198.18.0.1", "203.0.113.7", "240.0.0.1"],
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

describe("how far an address reaches", () => {
  for (const [reach, ...addresses] of table)
    it.each(addresses)(`%j: ${reach}`, (address) => assert.strictEqual(IpAddress.reach(address), reach))

  it("every range holds its first and last address, and not their neighbours", () => {
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

describe("a second table, read by the runtime's own matcher, agrees", () => {
  // Written from the registries once more, in the runtime's terms, so that a slip in one of the two shows.
  const shut = new BlockList()
  for (const [network, prefix] of [
    ["0.0.0.0", 8],
    ["10.0.0.0", 8],
    ["100.64.0.0", 10],
    ["127.0.0.0", 8],
    ["168.63.129.16", 32],
    ["169.254.0.0", 16],
    ["172.16.0.0", 12],
    ["192.0.0.0", 24],
    ["192.0.2.0", 24],
    ["192.31.196.0", 24],
    ["192.52.193.0", 24],
    ["192.88.99.0", 24],
    ["192.168.0.0", 16],
    ["192.175.48.0", 24],
    ["198.18.0.0", 15],
    ["198.51.100.0", 24],
    ["203.0.113.0", 24],
    ["224.0.0.0", 4],
    ["240.0.0.0", 4],
  ] as const)
    shut.addSubnet(network, prefix, "ipv4")
  const open6 = new BlockList()
  open6.addSubnet("2000::", 3, "ipv6")
  const shut6 = new BlockList()
  for (const [network, prefix] of [
    ["2001::", 23],
    ["2001:db8::", 32],
    ["2002::", 16],
    ["2620:4f:8000::", 48],
    ["3fff::", 20],
  ] as const)
    shut6.addSubnet(network, prefix, "ipv6")

  const runs = Number(process.env["DRAWBAR_PROPERTY_RUNS"] ?? 2_000)
  const seed = Number(process.env["DRAWBAR_PROPERTY_SEED"] ?? Date.now()) >>> 0

  it(`for ${runs} addresses of seed ${seed}`, () => {
    const next = mulberry32(seed)
    const byte = () => Math.floor(next() * 256)
    // Half of them begin like a special range, where a slip would be.
    const heads4 = [
      "10",
      "100.64",
      "100.127",
      "127",
      "169.254",
      "172.16",
      "172.31",
      "192.0.0",
      "192.168",
      "198.18",
      "203.0.113",
    ]
    const heads6 = [
      "2001:0",
      "2001:1ff",
      "2001:db8",
      "2002",
      "2620:4f:8000",
      "3fff",
      "3fff:fff",
      "fc00",
      "fe80",
      "::ffff:0:0",
      "2000",
    ]
    const pick = <A>(list: ReadonlyArray<A>) => list[Math.floor(next() * list.length)]
    for (let run = 0; run < runs; run++) {
      const octets = next() < 0.5 ? [] : (pick(heads4) ?? "").split(".")
      const v4 = [...octets, ...Array.from({ length: 4 - octets.length }, () => String(byte()))].join(".")
      const isPublic4 = !shut.check(v4, "ipv4") && v4 !== "100.100.100.200"
      assert.strictEqual(IpAddress.reach(v4) === "public", isPublic4, v4)
      for (const wrapped of [`::ffff:${v4}`, `64:ff9b::${v4}`])
        assert.strictEqual(IpAddress.reach(wrapped), IpAddress.reach(v4), wrapped)
      assert.strictEqual(IpAddress.plain(`::ffff:${v4}`), v4)

      const head = next() < 0.5 ? [] : (pick(heads6) ?? "").split(":").filter((group) => group !== "")
      const v6 = [
        ...head,
        ...Array.from({ length: 8 - head.length }, () => Math.floor(next() * 65_536).toString(16)),
      ].join(":")
      assert.strictEqual(IpAddress.reach(v6) === "public", open6.check(v6, "ipv6") && !shut6.check(v6, "ipv6"), v6)
    }
  })
})

const mulberry32 = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
}
