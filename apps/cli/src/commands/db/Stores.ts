/** The stores that the commands of this folder name: they work on the records themselves, without a server. */
import process from "node:process"
import type { ChangeFeed } from "@drawbar/document-store/ChangeFeed"
import type { DocumentStore } from "@drawbar/document-store/DocumentStore"
import * as RecordFeed from "@drawbar/registry/records/RecordFeed"
import { Config, Effect, Layer, Option } from "effect"
import * as Flag from "effect/cli/Flag"
import { failed } from "../../Failure.ts"

export const flags = {
  data: Flag.String("data").pipe(
    Flag.withMetavar("FOLDER"),
    Flag.withDescription("The folder of the SQLite database; defaults to DRAWBAR_DATA"),
    Flag.withFallbackConfig(Config.String("DRAWBAR_DATA")),
    Flag.withDefault("./data"),
  ),
  database: Flag.String("database").pipe(
    Flag.withMetavar("URL"),
    Flag.withDescription("A PostgreSQL database in place of --data; defaults to DRAWBAR_DATABASE"),
    Flag.withFallbackConfig(Config.String("DRAWBAR_DATABASE")),
    Flag.optional,
  ),
  password: Flag.String("database-password").pipe(
    Flag.withMetavar("env:VARIABLE|file:PATH"),
    Flag.withDescription("The password of the PostgreSQL database; defaults to DRAWBAR_DATABASE_PASSWORD"),
    Flag.withFallbackConfig(Config.String("DRAWBAR_DATABASE_PASSWORD")),
    Flag.optional,
  ),
}

export interface Named {
  readonly data: string
  readonly database: Option.Option<string>
  readonly password: Option.Option<string>
}

type Services = DocumentStore | ChangeFeed

/** Runs `work` on the store of these flags; a store to `write` to is made where there is none. */
export const using = <A, E>(
  { data, database, password }: Named,
  use: "read" | "write",
  work: (name: string) => Effect.Effect<A, E, Services>,
) =>
  at(
    Option.getOrElse(database, () => data),
    Option.getOrUndefined(password),
    use,
    work,
  )

/** As `using`, for a folder or a URL. */
export const at = <A, E>(
  place: string,
  password: string | undefined,
  use: "read" | "write",
  work: (name: string) => Effect.Effect<A, E, Services>,
) =>
  Effect.gen(function* () {
    // Loads lazily what only these commands need.
    const Store = yield* Effect.promise(() => import("@drawbar/server/Store"))
    const isUrl = place.includes("://")
    const { name, layer } = yield* Store.at(place, isUrl ? password : undefined, process.env, use === "write")
    // Fresh, because a copy has two stores at once.
    return yield* Effect.provide(work(name), Layer.fresh(Layer.provideMerge(RecordFeed.layerWithoutHistory, layer)))
  }).pipe(Effect.mapError((error) => failed(error instanceof Error ? error.message : String(error))))
