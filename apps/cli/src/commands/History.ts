/** The subcommands of what has versions, which are records and the settings: history, diff, rollback. */
import type { Diff, Versions } from "@drawbar/http-api/records/VersionsApi"
import * as Json from "@drawbar/json-text/Json"
import { DateTime, Effect, Option, Result } from "effect"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { type Failed, wrongUse } from "../Failure.ts"
import * as Output from "../Output.ts"
import * as Secret from "../Secret.ts"
import * as Session from "../Session.ts"
import { id } from "./Record.ts"

type Open = Effect.Success<typeof Session.open>
type Response<A> = Effect.Effect<{ readonly value: A; readonly text: string }, Failed>

const ofRecord = { id }
/** There is one record of settings, which needs no id. */
const ofSettings = {}

export const history = (noun: string, ask: (session: Open, id: string) => Response<typeof Versions.Type>) =>
  Command.make("history", ofRecord, ({ id }) => printHistory((session) => ask(session, id))).pipe(
    Command.withDescription(`List the versions of a ${noun}, newest first`),
  )

export const historyOfSettings = (ask: (session: Open) => Response<typeof Versions.Type>) =>
  Command.make("history", ofSettings, () => printHistory(ask)).pipe(
    Command.withDescription("List the versions of the persistent settings, newest first"),
  )

const printHistory = Effect.fnUntraced(function* (ask: (session: Open) => Response<typeof Versions.Type>) {
  const session = yield* Session.open
  const { value, text } = yield* ask(session)
  const rows = value.versions.map(({ version, time, by, changed, restored }) => [
    String(version),
    DateTime.formatIso(DateTime.makeUnsafe(time)),
    by?.name ?? "",
    restored === undefined ? changed.join(", ") : `restored version ${restored}`,
  ])
  const words = rows.length === 0 ? "No versions" : Output.table(["version", "time", "by", "changed"], rows)
  yield* Output.print(session.output, text, words)
})

const number = (name: string, description: string) =>
  Flag.Int(name).pipe(Flag.withDescription(description), Flag.optional)

interface Range {
  readonly from?: string
  readonly to?: string
}

const range = {
  from: number("from", "The older version; defaults to the one before --to"),
  to: number("to", "The newer version; defaults to the newest"),
}

export const diff = (noun: string, ask: (session: Open, id: string, query: Range) => Response<typeof Diff.Type>) =>
  Command.make("diff", { ...ofRecord, ...range }, ({ id, ...given }) =>
    printDiff(given, (session, query) => ask(session, id, query)),
  ).pipe(Command.withDescription(`Show how two versions of a ${noun} differ`))

export const diffOfSettings = (ask: (session: Open, query: Range) => Response<typeof Diff.Type>) =>
  Command.make("diff", { ...ofSettings, ...range }, (given) => printDiff(given, ask)).pipe(
    Command.withDescription("Show how two versions of the persistent settings differ"),
  )

const printDiff = Effect.fnUntraced(function* (
  { from, to }: { readonly from: Option.Option<number>; readonly to: Option.Option<number> },
  ask: (session: Open, query: Range) => Response<typeof Diff.Type>,
) {
  const session = yield* Session.open
  const { value, text } = yield* ask(session, {
    ...(Option.isNone(from) ? {} : { from: String(from.value) }),
    ...(Option.isNone(to) ? {} : { to: String(to.value) }),
  })
  const lines = changesIn(text).flatMap(({ path, before, after }) => [
    ...(before === undefined ? [] : [`- ${path}: ${Json.stringify(before)}`]),
    ...(after === undefined ? [] : [`+ ${path}: ${Json.stringify(after)}`]),
  ])
  const words = lines.length === 0 ? "No differences" : lines.join("\n")
  yield* Output.print(session.output, text, `Version ${value.from} to ${value.to}\n${words}`)
})

/** Read from the text, so that every number keeps its digits. */
const changesIn = (text: string) => {
  const value = Result.getOrUndefined(Json.parse(text))
  const changes = Json.isObject(value) ? value["changes"] : undefined
  return (Array.isArray(changes) ? changes : []).flatMap((change: Json.Json) =>
    Json.isObject(change) ? [{ path: String(change["path"]), before: change["before"], after: change["after"] }] : [],
  )
}

const chosen = {
  version: Argument.Int("version").pipe(
    Argument.withDescription("The number of the version, as history lists it"),
    Argument.optional,
  ),
  to: number("to", "The same as the argument"),
}

type Chosen = { readonly version: Option.Option<number>; readonly to: Option.Option<number> }

const versionOf = ({ version, to }: Chosen, command: string) => {
  const number = Option.getOrUndefined(Option.orElse(version, () => to))
  return number === undefined ? Effect.fail(wrongUse(`name a version: ${command} VERSION`)) : Effect.succeed(number)
}

interface RollbackPayload {
  readonly version: number
  readonly credential?: Readonly<Record<string, string>>
}

/** For records with secrets, which a version may need again. */
export const rollback = (
  noun: string,
  ask: (session: Open, id: string, payload: RollbackPayload) => Response<unknown>,
) =>
  Command.make(
    "rollback",
    { ...ofRecord, ...chosen, credential: Secret.flag },
    Effect.fnUntraced(function* ({ id, credential, ...given }) {
      const version = yield* versionOf(given, `drawbar ${noun} rollback ${id}`)
      const secrets = yield* Secret.resolve(credential)
      const session = yield* Session.open
      const payload = { version, ...(Object.keys(secrets).length === 0 ? {} : { credential: secrets }) }
      const { text } = yield* ask(session, id, payload)
      yield* Output.print(session.output, text, `Restored version ${version} of ${noun} ${id}`, [id])
    }),
  ).pipe(
    Command.withDescription(`Restore an earlier version of a ${noun}, with the secrets that it needs again`),
    Command.withExamples([{ command: `drawbar ${noun} rollback ID 3` }]),
  )

/** For records without secrets. */
export const rollbackOfPlain = (noun: string, ask: (session: Open, id: string, version: number) => Response<unknown>) =>
  Command.make(
    "rollback",
    { ...ofRecord, ...chosen },
    Effect.fnUntraced(function* ({ id, ...given }) {
      const version = yield* versionOf(given, `drawbar ${noun} rollback ${id}`)
      const session = yield* Session.open
      const { text } = yield* ask(session, id, version)
      yield* Output.print(session.output, text, `Restored version ${version} of ${noun} ${id}`, [id])
    }),
  ).pipe(
    Command.withDescription(`Restore an earlier version of a ${noun}`),
    Command.withExamples([{ command: `drawbar ${noun} rollback ID 3` }]),
  )

export const rollbackOfSettings = (ask: (session: Open, version: number) => Response<unknown>) =>
  Command.make(
    "rollback",
    { ...ofSettings, ...chosen },
    Effect.fnUntraced(function* (given) {
      const version = yield* versionOf(given, "drawbar settings rollback")
      const session = yield* Session.open
      const { text } = yield* ask(session, version)
      yield* Output.print(session.output, text, `Restored version ${version} of the persistent settings`)
    }),
  ).pipe(
    Command.withDescription("Restore an earlier version of the persistent settings, all of them at once"),
    Command.withExamples([{ command: "drawbar settings rollback 3" }]),
  )
