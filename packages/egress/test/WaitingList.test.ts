/** A queue that any item may leave: every order in which three items come, leave and are taken. */
import { assert, describe, it } from "@effect/vitest"
import { WaitingList } from "../src/internal/WaitingList.ts"

describe("a list of what waits", () => {
  it.each(["", "0", "1", "2", "01", "10", "02", "20", "12", "21", "012", "120", "210", "11"])(
    "gives back in its order what is left of 012 when %s have given up",
    (leaving) => {
      const list = new WaitingList<string>()
      const leave = ["0", "1", "2"].map((item) => list.add(item))
      for (const item of leaving) leave[Number(item)]?.()
      const left = ["0", "1", "2"].filter((item) => !leaving.includes(item))
      assert.strictEqual(list.size, left.length)
      assert.deepStrictEqual(
        left.map(() => list.take()),
        left,
      )
      assert.isUndefined(list.take())
      for (const again of leave) again()
      assert.strictEqual(list.size, 0)
      list.add("3")
      assert.strictEqual(list.take(), "3")
    },
  )
})
