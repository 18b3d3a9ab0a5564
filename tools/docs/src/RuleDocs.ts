/** The page of all rules, as Markdown. */
import type { Severity } from "@drawbar/blueprint-lint/Finding"
import { rules } from "@drawbar/blueprint-lint/Rules"

interface Section {
  readonly code: string
  readonly severity: Severity
  readonly description: string
  readonly example?: { readonly wrong: string; readonly right: string }
}

/** What is found before there is a document to look at, and after every rule has let it pass. */
const others: ReadonlyArray<Section> = [
  {
    code: "syntax",
    severity: "error",
    description:
      "The text is no JSON: a comment, a comma too many, a stray brace, a line break inside a string. Each is shown at its place, and the rest of the document is looked at as if it were mended.",
  },
  {
    code: "console-syntax",
    severity: "warning",
    description:
      'The text is what the Dev Tools console takes: a first line such as `POST /_plugins/_ml/connectors/_create`, comments, strings in `"""`. The `drawbar` command reads it; the REST API wants JSON.',
  },
  {
    code: "duplicate-key",
    severity: "error",
    description: "A name stands twice in one object. The REST API refuses it, because only one of them can be meant.",
  },
  {
    code: "not-runnable",
    severity: "error",
    description:
      "The runtime cannot compile the connector for a reason that no other rule has found, such as a `response_filter` that is no JSONPath or a chain of processors that cannot be read.",
  },
]

export const markdown = (): string =>
  [
    "# What lint finds",
    "",
    "`drawbar lint FILE…` looks at blueprints on this machine; `POST /_plugins/_ml/connectors/_validate` looks at one on the server, with the server's own settings.",
    "An **error** is refused or cannot run, a **warning** is taken and probably not meant, an **info** is good to know.",
    "",
    "This page is generated from the rules: `pnpm golden` writes it anew.",
    ...[...others, ...rules].toSorted((a, b) => (a.code < b.code ? -1 : 1)).flatMap(section),
    "",
  ].join("\n")

const section = ({ code, severity, description, example }: Section): ReadonlyArray<string> => [
  "",
  `## ${code}`,
  "",
  `**${severity}** · ${description}`,
  ...(example === undefined ? [] : ["", "Found:", ...fenced(example.wrong), "", "Mended:", ...fenced(example.right)]),
]

const fenced = (members: string): ReadonlyArray<string> => ["", "```text", members, "```"]
