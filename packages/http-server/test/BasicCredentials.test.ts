import { assert, describe, it } from "@effect/vitest"
import * as BasicCredentials from "../src/access/BasicCredentials.ts"

const basic = (pair: string) => ({ authorization: `Basic ${Buffer.from(pair).toString("base64")}` })

describe("the name in Basic credentials", () => {
  it.each(["ada", "Ada Lovelace", "ада", "a\u200db", "x@example.com"])("%j is one", (name) =>
    assert.deepStrictEqual(BasicCredentials.pair(basic(`${name}:se:cret`)), { name, password: "se:cret" }),
  )

  it.each(["", "a\nb", "a\u001b[31m", "a\u009b31m", "a\u2028b", "a\u202eb", "a\0"])(
    "%j, which a terminal would not show as it is, is none",
    (name) => assert.isUndefined(BasicCredentials.of(basic(`${name}:secret`))),
  )
})
