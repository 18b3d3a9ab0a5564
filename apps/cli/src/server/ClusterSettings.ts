/** Reads and changes the cluster settings of a server. */
import { Effect } from "effect"
import * as Session from "../Session.ts"

type Open = Effect.Success<typeof Session.open>
type Value = string | ReadonlyArray<string>

/** In the order in which they hold. */
const levels = ["transient", "persistent", "defaults"] as const
export type Level = (typeof levels)[number]
export type Levels = Readonly<Record<Level, Readonly<Record<string, Value>>>>

/** Names with dots; `defaults` has those of the settings file as well. */
export const read = ({ client, ask }: Pick<Open, "client" | "ask">) =>
  Effect.map(
    ask(client.cluster.getSettings({ query: { flat_settings: "true", include_defaults: "true" }, ...Session.whole })),
    ({ value }): Levels => ({
      transient: valuesOf(value["transient"]),
      persistent: valuesOf(value["persistent"]),
      defaults: valuesOf(value["defaults"]),
    }),
  )

const valuesOf = (level: unknown): Readonly<Record<string, Value>> =>
  Object.fromEntries(
    Object.entries(Object(level)).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map(String) : String(value),
    ]),
  )

/** The value that holds, and the level that has it. */
export const find = (settings: Levels, name: string): { readonly value: Value; readonly level: Level } | undefined => {
  const level = levels.find((level) => Object.hasOwn(settings[level], name))
  const value = level && settings[level][name]
  return level === undefined || value === undefined ? undefined : { value, level }
}

/** The origins that hold, as `URL` writes them. */
export const listOf = (settings: Levels, name: string): ReadonlyArray<string> => {
  const { value = [] } = find(settings, name) ?? {}
  return (typeof value === "string" ? [value] : value).map((entry) =>
    URL.canParse(entry) ? new URL(entry).origin : entry,
  )
}

export const names = (settings: Levels): ReadonlyArray<string> =>
  [...new Set(levels.flatMap((level) => Object.keys(settings[level])))].toSorted()

/** Returns the text of the response. `value` null removes the setting, so that its default holds again. */
export const put = (
  { client, ask }: Pick<Open, "client" | "ask">,
  level: "persistent" | "transient",
  name: string,
  value: Value | null,
) =>
  ask(
    client.cluster.putSettings({
      query: { flat_settings: "true" },
      payload: { [level]: { [name]: value } },
      ...Session.whole,
    }),
  )
