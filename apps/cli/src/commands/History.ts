/** The subcommands of records that have versions: history, diff, rollback. */
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

export const history = (noun: string, ask: (session: Open, id: string) => Response<typeof Versions.Type>) =>
  Command.make(
    "history",
    { id },
    Effect.fnUntraced(function* ({ id }) {
      const session = yield* Session.open
      const { value, text } = yield* ask(session, id)
      const rows = value.versions.map(({ version, time, by, changed, restored }) => [
        String(version),
        DateTime.formatIso(DateTime.makeUnsafe(time)),
        by?.name ?? "",
        restored === undefined ? changed.join(", ") : `restored version ${restored}`,
      ])
      yield* Output.print(session.output, text, Output.table(["version", "time", "by", "changed"], rows))
    }),
  ).pipe(Command.withDescription(`List the versions of a ${noun}, newest first`))

const number = (name: string, description: string) =>
  Flag.Int(name).pipe(Flag.withDescription(description), Flag.optional)

export const diff = (
  noun: string,
  ask: (
    session: Open,
    id: string,
    query: { readonly from?: string; readonly to?: string },
  ) => Response<typeof Diff.Type>,
) =>
  Command.make(
    "diff",
    {
      id,
      from: number("from", "The older version; defaults to the one before --to"),
      to: number("to", "The newer version; defaults to the newest"),
    },
    Effect.fnUntraced(function* ({ id, from, to }) {
      const session = yield* Session.open
      const { value, text } = yield* ask(session, id, {
        ...(Option.isNone(from) ? {} : { from: String(from.value) }),
        ...(Option.isNone(to) ? {} : { to: String(to.value) }),
      })
      const lines = changesIn(text).flatMap(({ path, before, after }) => [
        ...(before === undefined ? [] : [`- ${path}: ${Json.stringify(before)}`]),
        ...(after === undefined ? [] : [`+ ${path}: ${Json.stringify(after)}`]),
      ])
      const words = lines.length === 0 ? "No differences" : lines.join("\n")
      yield* Output.print(session.output, text, `Version ${value.from} to ${value.to}\n${words}`)
    }),
  ).pipe(Command.withDescription(`Show how two versions of a ${noun} differ`))

/** Read from the text, so that every number keeps its digits. */
const changesIn = (text: string) => {
  const value = Result.getOrUndefined(Json.parse(text))
  const changes = Json.isObject(value) ? value["changes"] : undefined
  return (Array.isArray(changes) ? changes : []).flatMap((change: Json.Json) =>
    Json.isObject(change) ? [{ path: String(change["path"]), before: change["before"], after: change["after"] }] : [],
  )
}

export interface RollbackPayload {
  readonly version: number
  readonly credential?: Readonly<Record<string, string>>
}

export const rollback = (
  noun: string,
  ask: (session: Open, id: string, payload: RollbackPayload) => Response<unknown>,
) =>
  Command.make(
    "rollback",
    {
      id,
      version: Argument.Int("version").pipe(
        Argument.withDescription("The number of the version, as history lists it"),
        Argument.optional,
      ),
      to: number("to", "The same as the argument"),
      credential: Secret.flag,
    },
    Effect.fnUntraced(function* ({ id, version, to, credential }) {
      const chosen = Option.getOrUndefined(Option.orElse(version, () => to))
      if (chosen === undefined) return yield* wrongUse(`name a version: drawbar ${noun} rollback ${id} VERSION`)
      const secrets = yield* Secret.resolve(credential)
      const session = yield* Session.open
      const payload = { version: chosen, ...(Object.keys(secrets).length === 0 ? {} : { credential: secrets }) }
      const { text } = yield* ask(session, id, payload)
      yield* Output.print(session.output, text, `Restored version ${chosen} of ${noun} ${id}`)
    }),
  ).pipe(
    Command.withDescription(`Restore an earlier version of a ${noun}, with the secrets that it needs again`),
    Command.withExamples([{ command: `drawbar ${noun} rollback ID 3` }]),
  )
