/** The servers that `drawbar login` stored, with their credentials: a file that its user alone may read. */
import { mkdir, readFile, rename, writeFile } from "node:fs/promises"
import { homedir } from "node:os"
import { dirname, join } from "node:path"
import process from "node:process"
import { decode } from "@drawbar/json-text/Decode"
import * as Json from "@drawbar/json-text/Json"
import { Effect, Result, Schema } from "effect"
import { failed, type Failed } from "../Failure.ts"
import * as FileFailure from "@drawbar/server/options/FileFailure"

const Context = Schema.Struct({
  url: Schema.String,
  /** An API key, or a user and a password. */
  key: Schema.optionalKey(Schema.String),
  user: Schema.optionalKey(Schema.String),
  password: Schema.optionalKey(Schema.String),
  /** An absolute path: the PEM file of the authority that issued the server's certificate. */
  ca_file: Schema.optionalKey(Schema.String),
})
export type Context = typeof Context.Type

const Contexts = Schema.Struct({
  current: Schema.optionalKey(Schema.String),
  contexts: Schema.Record(Schema.String, Context),
})
export type Contexts = typeof Contexts.Type

/** https://specifications.freedesktop.org/basedir-spec/latest/ */
export const path = (): string =>
  join(process.env["XDG_CONFIG_HOME"] || join(homedir(), ".config"), "drawbar", "config.json")

const none: Contexts = { contexts: {} }

/** A missing file has no contexts. */
export const read: Effect.Effect<Contexts, Failed> = Effect.suspend(() => {
  const file = path()
  return Effect.tryPromise({
    try: () => readFile(file, "utf8"),
    catch: (cause) => Reflect.get(Object(cause), "code") as unknown,
  }).pipe(
    Effect.matchEffect({
      onFailure: (code) =>
        code === "ENOENT" ? Effect.succeed(none) : Effect.fail(failed(`cannot read ${file} (${String(code)})`)),
      onSuccess: (text) =>
        Result.match(
          Result.flatMap(Json.parse(text), (value) => decode(Contexts)(value)),
          {
            onSuccess: (contexts) => Effect.succeed(contexts),
            // The fault is not quoted, because the text has credentials.
            onFailure: () =>
              Effect.fail(
                failed(`${file} is not a file of contexts. Correct it, or delete it and run \`drawbar login\``),
              ),
          },
        ),
    }),
  )
})

/** Replaces the file as a whole. */
export const write = (contexts: Contexts): Effect.Effect<void, Failed> =>
  Effect.tryPromise({
    try: async () => {
      const file = path()
      await mkdir(dirname(file), { recursive: true, mode: 0o700 })
      const draft = `${file}.${process.pid}`
      await writeFile(draft, `${JSON.stringify(contexts, null, 2)}\n`, { mode: 0o600 })
      await rename(draft, file)
    },
    catch: (cause) => failed(`cannot write ${path()}: ${FileFailure.reasonOf(cause)}`),
  })
