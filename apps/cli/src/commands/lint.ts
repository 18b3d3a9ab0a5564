import { trustedEndpointDefaults } from "@drawbar/blueprint-schema/TrustedEndpointDefaults"
import * as EgressPolicy from "@drawbar/connector-runtime/EgressPolicy"
import type { Finding } from "@drawbar/blueprint-lint/Finding"
import * as Lint from "@drawbar/blueprint-lint/Lint"
import * as LintHost from "@drawbar/http-api/LintHost"
import { Effect, Result } from "effect"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Document from "../Document.ts"
import { failed } from "../Failure.ts"
import * as Findings from "../Findings.ts"
import * as Output from "../Output.ts"
import * as Root from "../Root.ts"

const files = Argument.String("file").pipe(
  Argument.withDescription("Blueprints as JSON or Dev Tools console text; - for standard input"),
  Argument.atLeast(1),
)

const trust = Flag.String("trust").pipe(
  Flag.withMetavar("HOST"),
  Flag.withDescription("A further host, or regular expression of URLs, that the server trusts; repeatable"),
  Flag.atLeast(0),
)

export const command = Command.make(
  "lint",
  { files, trust },
  Effect.fnUntraced(function* ({ files, trust }) {
    const { output } = yield* Root.command
    const policy = yield* Effect.fromResult(policyOf(trust))
    const host = LintHost.make(() => policy, true)
    const reports = yield* Effect.forEach(files, (file) =>
      Effect.map(Document.source(file), (text) => ({ file, findings: Lint.text(text, host) })),
    )
    const all = reports.flatMap(({ file, findings }) => findings.map((finding) => ({ file, ...finding })))
    yield* Output.print(output, JSON.stringify(all), words(reports, all))
    if (Lint.hasErrors(all)) return yield* failed(Findings.summary(all))
  }),
).pipe(
  Command.withDescription("Say what is wrong with blueprints, and where; nothing is sent"),
  Command.withExamples([{ command: "drawbar lint blueprints/*.json --trust vllm.internal:8443" }]),
)

const policyOf = (trust: ReadonlyArray<string>) =>
  Result.mapError(
    EgressPolicy.make(trust.length === 0 ? {} : { trustedEndpoints: [...trustedEndpointDefaults, ...trust] }),
    ({ message }) => failed(`--trust: ${message}`),
  )

const words = (
  reports: ReadonlyArray<{ readonly file: string; readonly findings: ReadonlyArray<Finding> }>,
  all: ReadonlyArray<Finding>,
): string =>
  [
    ...reports.flatMap(({ file, findings }) => findings.map((finding) => Findings.line(finding, file))),
    ...(Lint.hasErrors(all) ? [] : [Findings.summary(all)]),
  ].join("\n")
