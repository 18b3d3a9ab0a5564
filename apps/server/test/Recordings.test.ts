/** Recorded responses of a running ML Commons, each equal or explained by a row of RecordedDifferences. */
import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import * as StubPlatform from "@drawbar/stub-platform/StubPlatform"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as InProcess from "./InProcess.ts"
import * as Recording from "./Recording.ts"
import { explains, markdown, rows } from "./RecordedDifferences.ts"

const recordings = Recording.read()

/** All cases run in order on one server, as in the recording. */
const replayAll = async ({ settings, cases }: Recording.Recordings) => {
  let port = 0
  const stub = Recording.stub(() => port)
  await using platform = await StubPlatform.start({ handler: stub.handler })
  port = platform.port
  await using server = await InProcess.listen()
  const set = await Recording.exchange(server.port, {
    method: "PUT",
    path: "/_cluster/settings",
    body: JSON.stringify({ persistent: settings }),
  })
  assert.strictEqual(set.status, 200, set.text)
  const found: Array<Recording.Difference> = []
  for (const one of cases) {
    stub.begin(one)
    found.push(...(await Recording.replay(one, { port: server.port, stub: port }, () => stub.received(one.id))))
  }
  return found
}

const shown = ({ id, request, at, recorded, here }: Recording.Difference) =>
  `${id} [${request}] ${at}: ${JSON.stringify(recorded)} -> ${JSON.stringify(here)}`.slice(0, 600)

describe.skipIf(recordings === undefined)(
  "the recordings of ML Commons (skipped: ../shared/reference is absent)",
  () => {
    let differences: ReadonlyArray<Recording.Difference> = []
    beforeAll(async () => {
      if (recordings !== undefined) differences = await replayAll(recordings)
    }, 300_000)
    afterAll(() => {
      const differing = new Set(differences.map(({ id }) => id))
      const total = recordings?.cases.length ?? 0
      console.log(`${total - differing.size} of ${total} recorded cases are equal, ${differing.size} differ by name`)
    })

    it("each difference has a row", () => {
      const unnamed = differences.filter((difference) => !rows.some((row) => explains(row, difference)))
      assert.deepStrictEqual(unnamed.map(shown), [])
    })

    it("each row, and each case of a row, has a difference", () => {
      const stale = rows.flatMap((row) => {
        const named = differences.filter((difference) => explains(row, difference))
        if (row.cases === undefined) return named.length === 0 ? [row.what] : []
        return row.cases
          .filter((id) => !named.some((difference) => difference.id === id))
          .map((id) => `${row.what}: ${id}`)
      })
      assert.deepStrictEqual(stale, [])
    })
  },
)

// The formatter pads the cells.
const cells = (text: string) =>
  text
    .trim()
    .split("\n")
    .filter((line) => !/^\|[\s|-]*\|$/.test(line))
    .map((line) => line.split(/(?<!\\)\|/).map((part) => part.trim()))

it("docs/compatibility.md has each row", () => {
  const page = readFileSync(resolve(import.meta.dirname, "../../../docs/compatibility.md"), "utf8")
  const [, table = ""] = page.split(/<!-- recorded differences: .*?-->\n|<!-- end of recorded differences -->/s)
  assert.deepStrictEqual(cells(table), cells(markdown()), "Run `pnpm golden`")
})

it("a difference outside the table has no name", () => {
  const planted: ReadonlyArray<Omit<Recording.Difference, "recorded" | "here">> = [
    { id: "conn.put", request: "PUT /_plugins/_ml/connectors/<cid>", at: "/forced_refresh", statuses: [200, 200] },
    {
      id: "conn.unknown-field",
      request: "GET /_plugins/_ml/connectors/<cid>",
      at: "/credential_keys",
      statuses: [200, 200],
    },
    { id: "fresh.stats", request: "GET /_plugins/_ml/stats", at: "/ml_model_group_count", statuses: [200, 200] },
    { id: "settings.unknown", request: "PUT /_cluster/settings", at: "/error/type", statuses: [400, 400] },
    {
      id: "life.deploy",
      request: "POST /_plugins/_ml/models/<mid>/_predict",
      at: "/error/reason",
      statuses: [404, 404],
    },
    { id: "tmpl.quotes", request: "upstream", at: "/*/body" },
  ]
  for (const difference of planted)
    assert.isFalse(
      rows.some((row) => explains(row, { recorded: 1, here: 2, ...difference })),
      `${difference.id} ${difference.at}`,
    )
})
