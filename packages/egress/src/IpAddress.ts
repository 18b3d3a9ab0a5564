/** IP addresses, and which of them a request from inside a network may reach. */

/**
 * `public`: reachable from everywhere. `private`: reachable only from here, so the operator decides. `forbidden`: never
 * the address of an upstream (link-local, cloud metadata service, multicast, reserved).
 */
export type Reach = "public" | "private" | "forbidden"

interface Address {
  readonly bits: 32 | 128
  readonly value: bigint
}

interface Range extends Address {
  readonly prefix: number
  readonly reach: Reach
}

/** Classifies an address. Text that is not an IP address is forbidden. A zone (`%eth0`) makes an address link-local. */
export const reach = (text: string): Reach => {
  const address = parse(text)
  return address === undefined ? "forbidden" : reachOf(address)
}

/** The canonical form of an address; an IPv4 address embedded in an IPv6 address is returned as IPv4. */
export const plain = (text: string): string => {
  const address = parse(text)
  const v4 = address === undefined ? undefined : address.bits === 32 ? address : embeddedV4(address)
  if (v4 !== undefined) return [24n, 16n, 8n, 0n].map((shift) => (v4.value >> shift) & 0xffn).join(".")
  return address === undefined ? text : new URL(`http://[${text}]/`).hostname.slice(1, -1)
}

const reachOf = (address: Address): Reach => {
  const embedded = embeddedV4(address)
  if (embedded !== undefined) return reachOf(embedded)
  return ranges.find((range) => contains(range, address))?.reach ?? (address.bits === 32 ? "public" : "forbidden")
}

const parse = (text: string): Address | undefined => (text.includes(":") ? parseV6(text) : parseV4(text))

const parseV4 = (text: string): Address | undefined => {
  // Some parsers read a number with a leading zero as octal.
  if (!/^(0|[1-9]\d{0,2})(\.(0|[1-9]\d{0,2})){3}$/.test(text)) return undefined
  const octets = text.split(".").map(Number)
  if (octets.some((octet) => octet > 255)) return undefined
  return { bits: 32, value: octets.reduce((value, octet) => (value << 8n) | BigInt(octet), 0n) }
}

const parseV6 = (text: string): Address | undefined => {
  const url = `http://[${text}]/`
  if (!URL.canParse(url)) return undefined
  // The URL parser accepts every form and writes one: groups in hexadecimal, with at most one run of zeros omitted.
  const [head = "", tail] = new URL(url).hostname.slice(1, -1).split("::")
  const before = groups(head)
  const after = tail === undefined ? [] : groups(tail)
  const all = [...before, ...Array<bigint>(8 - before.length - after.length).fill(0n), ...after]
  return { bits: 128, value: all.reduce((value, group) => (value << 16n) | group, 0n) }
}

const groups = (text: string): ReadonlyArray<bigint> =>
  text === "" ? [] : text.split(":").map((group) => BigInt(`0x${group}`))

const contains = (range: Range, address: Address): boolean =>
  range.bits === address.bits && (range.value ^ address.value) >> BigInt(range.bits - range.prefix) === 0n

/**
 * The IPv4 address that an IPv4-mapped (RFC 4291) or NAT64 (RFC 6052) address stands for, which is the actual
 * destination.
 */
const embeddedV4 = ({ bits, value }: Address): Address | undefined => {
  if (bits === 32) return undefined
  const prefix = value >> 32n
  return prefix === 0xffffn || prefix === 0x64_ff9b_0000_0000_0000_0000n
    ? { bits: 32, value: value & 0xffff_ffffn }
    : undefined
}

const range = (cidr: string, reach: Reach): Range => {
  const [text = "", prefix] = cidr.split("/")
  const address = parse(text)
  if (address === undefined) throw new Error(`${cidr} must be an address range in CIDR notation`)
  return { ...address, prefix: Number(prefix), reach }
}

/**
 * The first range that contains an address decides. From IANA's registries of special-purpose addresses:
 * https://www.iana.org/assignments/iana-ipv4-special-registry
 * https://www.iana.org/assignments/iana-ipv6-special-registry
 */
const ranges: ReadonlyArray<Range> = [
  // Cloud services at addresses that would otherwise be public or private.
  range("168.63.129.16/32", "forbidden"), // Azure
  range("100.100.100.200/32", "forbidden"), // Alibaba Cloud
  range("fd00:ec2::/32", "forbidden"), // AWS
  range("fd20:ce::/32", "forbidden"), // Google Cloud
  range("fd00:c1::/32", "forbidden"), // Oracle Cloud
  range("fd00:42::42/128", "forbidden"), // Scaleway

  range("10.0.0.0/8", "private"),
  range("100.64.0.0/10", "private"),
  range("127.0.0.0/8", "private"),
  range("172.16.0.0/12", "private"),
  range("192.168.0.0/16", "private"),
  range("0.0.0.0/8", "forbidden"),
  range("169.254.0.0/16", "forbidden"),
  range("192.0.0.0/24", "forbidden"),
  range("192.0.2.0/24", "forbidden"),
  range("192.31.196.0/24", "forbidden"),
  range("192.52.193.0/24", "forbidden"),
  range("192.88.99.0/24", "forbidden"),
  range("192.175.48.0/24", "forbidden"),
  range("198.18.0.0/15", "forbidden"),
  range("198.51.100.0/24", "forbidden"),
  range("203.0.113.0/24", "forbidden"),
  range("224.0.0.0/3", "forbidden"),

  range("::1/128", "private"),
  range("fc00::/7", "private"),
  // 6to4, Teredo and the other protocol assignments lead to IPv4 addresses that cannot be verified.
  range("2001::/23", "forbidden"),
  range("2001:db8::/32", "forbidden"),
  range("2002::/16", "forbidden"),
  range("2620:4f:8000::/48", "forbidden"),
  range("3fff::/20", "forbidden"),
  range("2000::/3", "public"),
]
