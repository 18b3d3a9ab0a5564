/** The page of how predicts fail, as Markdown. */
import * as ErrorClasses from "./ErrorClasses.ts"

const yes = (holds: boolean): string => (holds ? "yes" : "")

const heads = ["class", "when", "status", "`type`", "`Retry-After`", "sent again", "breaker"]

const rows = ErrorClasses.all.map(({ name, when, status, type, retryAfter, isSentAgain, isCounted }) => [
  name,
  when,
  String(status),
  `\`${type}\``,
  yes(retryAfter !== undefined),
  yes(isSentAgain),
  yes(isCounted),
])

const widths = heads.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column]?.length ?? 0)))
const line = (cells: ReadonlyArray<string>, filler = " ") =>
  `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0, filler)).join(" | ")} |`

export const markdown = (): string =>
  [
    "# How a predict fails",
    "",
    "Each way has a status, a `type` and a sentence in `error.reason`; a platform's own refusal has a block `remote` beside it. An answer is whole, or it is one",
    "of these.",
    "",
    "- **Sent again**: where the connector's `client_config.max_retry_times` is not 0, its time is not over and its budget is not spent; nothing that may have",
    "  been worked on without an answer, but for what was written to a kept connection that closed without a byte. A `Retry-After` of the platform is",
    "  waited for, or, where there is no time for it, passed on at once.",
    "- **Breaker**: 20 of these in a row, whoever asked, and the origin is left alone for 5 s.",
    '- **Streams**: until its first event a stream fails as any predict does. After it there is one more event, `{"error": …, "status": …}`, and the end; a failure of',
    "  the platform has a `type` there, its own name for it where it has one.",
    "- **Inside a success**: what a platform reports as failed inside an answer of status 200 has the status that it stands for (throttling 429, overload 503), and is",
    "  sent again as that; `remote.type` is the platform's name for it. Where the platform does not classify it, it is 502 and not sent again.",
    "- A caller who goes away is no failure: the platform's connection is closed, and the log's line has status 499.",
    "",
    line(heads),
    line(
      heads.map(() => ""),
      "-",
    ),
    ...rows.map((row) => line(row)),
    "",
    "What cannot be right is refused before, when a connector is created, with 400. This page is generated: `pnpm golden` writes it anew.",
    "",
  ].join("\n")
