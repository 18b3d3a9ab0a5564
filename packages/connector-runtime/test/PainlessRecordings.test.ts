/**
 * The scripts of ../shared/reference/recordings, each run as a real ML Commons ran it: what reached the upstream and what came
 * back is the same, or the script stands in the table of docs/compatibility.md with its reason.
 */
import type { Connector } from "@drawbar/blueprint-schema/Connector"
import * as CompiledConnector from "../src/call/CompiledConnector.ts"
import type { PredictInput } from "../src/call/PredictInput.ts"
import * as PostProcess from "../src/processors/PostProcess.ts"
import * as PreProcess from "../src/processors/PreProcess.ts"
import * as UpstreamResponse from "../src/response/UpstreamResponse.ts"
import * as UpstreamRequest from "../src/call/UpstreamRequest.ts"
import * as Tensor from "../src/response/Tensor.ts"
import * as World from "@drawbar/painless/World"
import { fromRecord } from "@drawbar/template-renderer/Parameter"
import { Result } from "effect"
import { existsSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { describe, expect, it } from "vitest"
import * as SecretMask from "../src/response/SecretMask.ts"

const reference = process.env["DRAWBAR_REFERENCE"] ?? resolve(import.meta.dirname, "../../../../shared/reference")
const file = join(reference, "recordings/ml-commons-3.8.json")

interface Step {
  readonly req: { readonly method: string; readonly path: string; readonly body?: any }
  readonly poll?: unknown
}

interface Case {
  readonly id: string
  readonly steps: ReadonlyArray<Step>
  readonly upstream?: ReadonlyArray<{ readonly body: string }>
  readonly oracle: {
    readonly steps: ReadonlyArray<{ readonly status: number; readonly json?: any }>
    readonly sent: ReadonlyArray<{ readonly body: string }>
  }
}

const isScript = (name: unknown): boolean => typeof name === "string" && !name.startsWith("connector.")

const connectorOf = ({ steps }: Case): any =>
  steps.find(({ req }) => req.path.endsWith("/connectors/_create"))?.req.body

const cases: ReadonlyArray<Case> = existsSync(file)
  ? JSON.parse(readFileSync(file, "utf8")).cases.filter((one: Case) =>
      [connectorOf(one)?.actions ?? []]
        .flat()
        .some((action: any) => isScript(action.pre_process_function) || isScript(action.post_process_function)),
    )
  : []

/** What a node answers at `/u/…` where the case gives nothing. */
const unasked = '{"ok":true,"choices":[{"message":{"role":"assistant","content":"Hi"}}]}'

const inputOf = ({ path, body }: Step["req"]): PredictInput => {
  if (path.includes("/text_embedding/")) return { _tag: "TextDocs", text_docs: body.text_docs }
  if (path.includes("/text_similarity/"))
    return { _tag: "TextSimilarity", query_text: body.query_text, text_docs: body.text_docs }
  return { _tag: "Parameters", parameters: fromRecord(body.parameters ?? {}) }
}

interface Outcome {
  /** Bodies that reached the upstream. */
  readonly sent: ReadonlyArray<unknown>
  /** Of each predict its results, or that it failed. */
  readonly results: ReadonlyArray<unknown>
}

const predictsOf = ({ steps, oracle }: Case) =>
  steps
    .filter(({ poll }) => poll === undefined)
    .flatMap(({ req }, index) =>
      req.path.includes("_predict") ? [{ req, answer: oracle.steps[index] ?? { status: 0 } }] : [],
    )

const recorded = (one: Case): Outcome => ({
  sent: one.oracle.sent.map(({ body }) => JSON.parse(body)),
  results: predictsOf(one).map(({ answer }) =>
    answer.status === 200 ? answer.json.inference_results.map(({ output }: any) => output) : "failed",
  ),
})

const world = { ...World.fixed(), now: () => Date.UTC(2026, 0, 1) }

const text = (value: string) => value.replaceAll("{{stub}}", "127.0.0.1:9")

/** Runs the predicts of a case through the stages of a connector, with the recorded answers in place of the network. */
const here = (one: Case): Outcome => {
  const document = connectorOf(one)
  const connector: Connector = {
    protocol: "http",
    parameters: Object.fromEntries(
      Object.entries(document.parameters).map(([name, value]) => [name, text(String(value))]),
    ),
    actions: document.actions.map((action: any) => ({ ...action, action_type: "PREDICT", url: text(action.url) })),
  }
  const compiled = Result.flatMap(CompiledConnector.compile(connector, ["key"]), (ready) =>
    CompiledConnector.find(ready, "PREDICT"),
  )
  const sent: Array<unknown> = []
  const results = predictsOf(one).map(({ req }) => {
    const outputs = Result.gen(function* () {
      const action = yield* compiled
      const found: Array<unknown> = []
      for (const supplied of yield* PreProcess.run(action.preProcess, inputOf(req), world)) {
        const request = yield* UpstreamRequest.render(action, supplied, () => "k")
        sent.push(JSON.parse(request.body ?? "null"))
        const body = one.upstream?.[Math.min(sent.length, one.upstream.length) - 1]?.body ?? unasked
        const response = {
          status: 200,
          headers: { "content-type": "application/json" },
          body: new TextEncoder().encode(body),
        }
        const answer = yield* UpstreamResponse.read(response, 0, SecretMask.none)
        const tensors = yield* PostProcess.run(action.postProcess, supplied, answer, world)
        found.push(tensors.map((tensor) => JSON.parse(Tensor.toJsonText(tensor))))
      }
      return found
    })
    return Result.isSuccess(outputs) ? outputs.success : "failed"
  })
  return { sent, results }
}

const document = readFileSync(resolve(import.meta.dirname, "../../../docs/compatibility.md"), "utf8")
const [, section = ""] = document.split("## Recorded scripts with another outcome")
const [table = ""] = section.split("\n## ")
const named = new Set(Array.from(table.matchAll(/^\| `(painless[\w.-]*)`/gm), ([, id = ""]) => id))

/** Where a script is refused at create nothing is sent, so that what reached the upstream tells nothing there. */
const comparable = ({ sent, results }: Outcome) =>
  results.every((result) => result === "failed") ? { results } : { sent, results }

describe.skipIf(cases.length === 0)("a recorded script (skipped: ../shared/reference is absent)", () => {
  it.each(cases.map((one) => [one.id, one] as const))("%s", (id, one) => {
    const [ours, theirs] = [comparable(here(one)), comparable(recorded(one))]
    if (named.has(id)) expect(ours, `the row of ${id} in docs/compatibility.md is out of date`).not.toEqual(theirs)
    else expect(ours).toEqual(theirs)
  })

  it("is in the recordings where docs/compatibility.md names it", () => {
    const ids = cases.map(({ id }) => id)
    expect([...named].filter((id) => !ids.includes(id))).toEqual([])
  })

  it("is one of a hundred or so", () => expect(cases.length).toBeGreaterThan(90))
})
