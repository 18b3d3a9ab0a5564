/** The page of all rules, as Markdown. */
import type { Severity } from "@drawbar/blueprint-lint/Finding"
import { rules } from "@drawbar/blueprint-lint/Rules"

interface Section {
  readonly code: string
  readonly severity: Severity
  readonly description: string
  readonly example?: { readonly wrong: string; readonly right: string }
}

/** Findings before there is a document to check, and after every rule has passed. */
const others: ReadonlyArray<Section> = [
  {
    code: "syntax",
    severity: "error",
    description:
      "The text is not JSON: a comment, an extra comma or brace, a line break inside a string. Each fault is reported with its place, and the rest of the document is checked as if it were fixed.",
  },
  {
    code: "console-syntax",
    severity: "warning",
    description:
      'The text is in the syntax of the Dev Tools console: a first line such as `POST /_plugins/_ml/connectors/_create`, comments, strings in `"""`. The `drawbar` command reads it; the REST API requires JSON.',
  },
  {
    code: "duplicate-key",
    severity: "error",
    description: "An object has a name twice. The REST API rejects it, because only one of them can be meant.",
  },
  {
    code: "not-runnable",
    severity: "error",
    description:
      "The runtime cannot compile the connector for a reason that no other rule has found, such as a `response_filter` that is not a JSONPath or an invalid chain of processors.",
  },
]

export const markdown = (): string =>
  [
    "# Lint rules",
    "",
    "`drawbar lint FILE…` checks blueprints on this machine; `POST /_plugins/_ml/connectors/_validate` checks one on the server, with the server's own settings.",
    "An **error** is rejected or cannot run, a **warning** is accepted and probably not intended, an **info** is good to know.",
    "",
    "This page is generated from the rules by `pnpm golden`.",
    ...[...others, ...rules].toSorted((a, b) => (a.code < b.code ? -1 : 1)).flatMap(section),
    "",
  ].join("\n")

const section = ({ code, severity, description, example }: Section): ReadonlyArray<string> => [
  "",
  `## ${code}`,
  "",
  `**${severity}** · ${description}`,
  ...(example === undefined ? [] : ["", "Found:", ...fenced(example.wrong), "", "Fixed:", ...fenced(example.right)]),
]

const fenced = (members: string): ReadonlyArray<string> => ["", "```text", members, "```"]
