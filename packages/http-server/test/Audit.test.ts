/** The audit log: repeated refusals share a line, changes never do, and a change is announced where the log is required. */
import { assert, describe, it } from "vitest"
import * as Audit from "../src/access/Audit.ts"

const started = () => {
  const lines: Array<any> = []
  const world = { now: 1.7e12, isFull: false }
  const audit = Audit.make(
    (line) => {
      if (world.isFull) return false
      lines.push(JSON.parse(line))
      return true
    },
    () => world.now,
  )
  return { lines, world, audit }
}

const answered = (more: Partial<Audit.Answered> = {}): Audit.Answered => ({
  id: "r",
  method: "POST",
  route: "/_plugins/_ml/models/:model_id/_predict",
  needs: "predict",
  principal: undefined,
  claimed: "mallory",
  params: { model_id: "m" },
  status: 401,
  reason: "Unauthenticated",
  value: undefined,
  ...more,
})
const change = {
  method: "PUT",
  route: "/_plugins/_ml/models/:model_id",
  needs: "write",
  status: 200,
  reason: undefined,
} as const
const look = { method: "GET", route: "/_plugins/_ml/models/:model_id", needs: "read" } as const
const alice = { kind: "user", name: "alice", roles: [], backend_roles: [] } as const

describe("the audit log", () => {
  it("has a bounded number of lines for any number of refusals, and says how many there were and who they said they are", () => {
    const { lines, world, audit } = started()
    for (let n = 0; n < 10_000; n++) {
      world.now += 5
      audit(answered({ id: `r${n}`, claimed: `name${n % 1_000}`, params: { model_id: `made-up-${n}` } }))
    }
    assert.isBelow(lines.length, 20)
    audit.flush(true)
    const shared = lines.filter(({ repeated }) => repeated !== undefined)
    assert.strictEqual(
      shared.length + lines.length - 2 * shared.length + shared.reduce((n, l) => n + l.repeated, 0),
      10_000,
    )
    for (const line of shared) {
      assert.isAtMost(line.claimed.length, 10)
      assert.deepInclude(line, { outcome: "denied", status: 401, who: null })
      assert.notProperty(line, "object")
      assert.match(line.since, /^\d{4}-/)
    }
  })

  it("has the last ones of a burst a minute later, or when the server stops", () => {
    for (const [isOver, all] of [
      [true, false],
      [false, true],
    ]) {
      const { lines, world, audit } = started()
      for (let n = 0; n < 25; n++) audit(answered())
      audit.flush(false)
      assert.strictEqual(lines.length, 10)
      if (isOver) world.now += 60_000
      audit.flush(all!)
      assert.deepInclude(lines.at(-1), { repeated: 15, claimed: ["mallory"] })
      audit.flush(true)
      assert.strictEqual(lines.length, 11)
    }
  })

  it("tells principals, endpoints and outcomes apart", () => {
    const { lines, audit } = started()
    for (let n = 0; n < 50; n++) audit(answered())
    audit(answered({ principal: alice, status: 403, reason: "RoleForbidden" }))
    audit(answered({ route: "/_plugins/_ml/models/_search" }))
    audit(answered({ status: 429, reason: "LoginThrottled" }))
    assert.strictEqual(lines.length, 13)
  })

  it("folds no change, however many there are", () => {
    const { lines, audit } = started()
    for (let n = 0; n < 50; n++) audit(answered({ ...change, principal: alice }))
    assert.strictEqual(lines.length, 50)
  })

  it("keeps a bounded number of kinds", () => {
    const { lines, audit } = started()
    for (let n = 0; n < 5_000; n++)
      for (let times = 0; times < 11; times++)
        audit(answered({ principal: { ...alice, name: `a${n}` }, status: 403, reason: "RoleForbidden" }))
    // Those that were forgotten have their line: 10 each, and one that is shared.
    assert.strictEqual(lines.filter(({ repeated }) => repeated === 1).length, 4_000)
  })

  it("ends a minute when the clock is set back", () => {
    const { lines, world, audit } = started()
    for (let n = 0; n < 25; n++) audit(answered())
    world.now -= 86_400_000
    audit(answered())
    assert.deepInclude(lines.at(-2), { repeated: 15 })
    assert.strictEqual(lines.length, 12)
  })

  it("announces changes and nothing else, and says where it cannot", () => {
    const { lines, world, audit } = started()
    assert.isTrue(audit.begun(answered(change)))
    assert.isTrue(audit.begun(answered(look)))
    assert.deepStrictEqual(
      lines.map(({ outcome, needs, object }) => ({ outcome, needs, object })),
      [{ outcome: "begun", needs: "write", object: { model_id: "m" } }],
    )
    world.isFull = true
    assert.isFalse(audit.begun(answered(change)))
    assert.isTrue(audit.begun(answered(look)))
  })
})
