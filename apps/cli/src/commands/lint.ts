import type { Finding } from "@drawbar/blueprint-lint/Finding"
import { Effect } from "effect"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as InputFile from "../InputFile.ts"
import { failed } from "../Failure.ts"
import * as Findings from "../Findings.ts"
import * as NextCommand from "../NextCommand.ts"
import * as Output from "../Output.ts"
import * as Root from "../Root.ts"

const files = Argument.String("file").pipe(
  Argument.withDescription("Blueprints as JSON or Dev Tools console text; - for standard input"),
  Argument.atLeast(1),
)

const trust = Flag.String("trust").pipe(
  Flag.withMetavar("HOST"),
  Flag.withDescription("An additional host, or regular expression of URLs, that the server trusts; repeatable"),
  Flag.atLeast(0),
)

export const command = Command.make(
  "lint",
  { files, trust },
  Effect.fnUntraced(function* ({ files, trust }) {
    const { output } = yield* Root.command
    // Loads lazily what only this command needs.
    const { environment, Lint } = yield* Effect.promise(() => import("../LintHere.ts"))
    const here = yield* Effect.mapError(Effect.fromResult(environment(trust)), (sentence) =>
      failed(`--trust: ${sentence}`),
    )
    const reports = yield* Effect.forEach(files, (file) =>
      Effect.map(InputFile.source(file), (text) => ({ file, findings: Lint.text(text, here) })),
    )
    const all = reports.flatMap(({ file, findings }) => findings.map((finding) => ({ file, ...finding })))
    const hasErrors = Lint.hasErrors(all)
    const last = hasErrors
      ? all.some(({ code, file }) => code === "untrusted-host" && isFile(file))
        ? [
            `lint asks no server what it trusts. To check with a server: ${files
              .filter(isFile)
              .map((file) => NextCommand.onFile("validate", file))
              .join(" && ")}`,
          ]
        : []
      : [
          Findings.summary(all),
          ...files
            .slice(0, 1)
            .filter(isFile)
            .map((file) => `Next: ${NextCommand.onFile("create", file)}`),
        ]
    yield* Output.print(output, JSON.stringify(all), words(reports, last))
    if (hasErrors) return yield* failed(Findings.summary(all))
  }),
).pipe(
  Command.withDescription("Report problems in blueprints and where they are; sends no request"),
  Command.withExamples([{ command: "drawbar lint blueprints/*.json --trust vllm.internal:8443" }]),
)

const isFile = (file: string) => file !== "-"

const words = (
  reports: ReadonlyArray<{ readonly file: string; readonly findings: ReadonlyArray<Finding> }>,
  last: ReadonlyArray<string>,
): string =>
  [...reports.flatMap(({ file, findings }) => findings.map((finding) => Findings.line(finding, file))), ...last].join(
    "\n",
  )
