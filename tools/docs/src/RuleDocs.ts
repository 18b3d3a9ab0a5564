/** The documentation of all rules, as Markdown. */
import type { Severity } from "@drawbar/blueprint-lint/Finding"
import { rules } from "@drawbar/blueprint-lint/Rules"

interface Section {
  readonly code: string
  readonly severity: Severity
  readonly description: string
  readonly example?: { readonly wrong: string; readonly right: string }
}

/** Findings before a document could be parsed, and after every rule has passed. */
const others: ReadonlyArray<Section> = [
  {
    code: "syntax",
    severity: "error",
    description:
      "The text is not valid JSON: it contains a comment, an extra comma, a stray brace, or a line break inside a string. Each fault is reported with its location. The rest of the document is checked as if the fault were corrected.",
  },
  {
    code: "console-syntax",
    severity: "warning",
    description:
      'The text uses the syntax of the Dev Tools console: a first line such as `POST /_plugins/_ml/connectors/_create`, comments, or strings in `"""`. The `drawbar` command accepts it; the REST API requires JSON.',
  },
  {
    code: "duplicate-key",
    severity: "error",
    description:
      "A name occurs twice in one object. The REST API rejects it, because only one of them can be intended.",
  },
  {
    code: "not-runnable",
    severity: "error",
    description:
      "The runtime cannot compile the connector for a reason that no other rule covers, such as a `response_filter` that is not a JSONPath expression, or an invalid chain of processors.",
  },
]

export const markdown = (): string =>
  [
    "# Lint rules",
    "",
    "`drawbar lint FILE…` checks blueprints locally; `POST /_plugins/_ml/connectors/_validate` checks one on the server, with the server's settings.",
    "An **error** means that the document is rejected or cannot run. A **warning** means that it is accepted, but is probably a mistake. An **info** is useful to know.",
    "",
    "This page is generated from the rules. To update it, run `pnpm golden`.",
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
