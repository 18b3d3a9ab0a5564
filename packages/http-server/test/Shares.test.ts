import { assert, describe, it } from "vitest"
import * as Shares from "../src/admission/Shares.ts"

const socket = (remoteAddress?: string) => ({ socket: { remoteAddress } }) as Parameters<typeof Shares.keyOf>[1]

describe("a share of the processor", () => {
  it("belongs to all requests of a principal, and is dropped with the last of them", () => {
    const shares = Shares.make()
    const first = shares.enter("api_key a")
    assert.strictEqual(shares.enter("api_key a"), first)
    assert.notStrictEqual(shares.enter("api_key b"), first)
    assert.strictEqual(first.underWay, 2)
    assert.strictEqual(shares.count(), 2)
    for (const key of ["api_key a", "api_key a", "api_key b", "api_key b"]) shares.leave(key)
    assert.strictEqual(shares.count(), 0)
    assert.notStrictEqual(shares.enter("api_key a"), first)
  })

  it("is that of the name where callers authenticate, else of the address", () => {
    const asker = { kind: "api_key", name: "a", roles: [], backend_roles: [] } as const
    assert.strictEqual(Shares.keyOf(asker, socket("10.0.0.1")), "api_key a")
    assert.notStrictEqual(Shares.keyOf({ ...asker, kind: "user" }, socket("10.0.0.1")), "api_key a")
    assert.strictEqual(Shares.keyOf(undefined, socket("10.0.0.1")), "10.0.0.1")
    assert.strictEqual(Shares.keyOf(undefined, socket()), "")
  })

  it.each([
    ["127.0.0.1", "127.0.0.1"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["::1", "0:0:0:0::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:db8:1:2:ffff::", "2001:db8:1:2::/64"],
    ["2001:db8::1:2:3:4:5", "2001:db8:0:1::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ])("of %s is that of the network %s", (address, network) => assert.strictEqual(Shares.networkOf(address), network))
})
