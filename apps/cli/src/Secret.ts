/** Secrets by reference: the command line names a variable or a file, and only the server receives the value. */
import { readFile } from "node:fs/promises"
import process from "node:process"
import { Effect } from "effect"
import * as Flag from "effect/cli/Flag"
import { wrongUse, type WrongUse } from "./Failure.ts"

export const flag = Flag.String("credential").pipe(
  Flag.withMetavar("NAME=env:VARIABLE|NAME=file:PATH"),
  Flag.withDescription("A connector secret, read from the environment or a file; repeatable"),
  Flag.atLeast(0),
)

/** Returns the values by name. A line break at the end of a file is not part of the secret. */
export const resolve = (references: ReadonlyArray<string>): Effect.Effect<Readonly<Record<string, string>>, WrongUse> =>
  Effect.map(Effect.forEach(references, one), (entries) => Object.fromEntries(entries))

const one = Effect.fnUntraced(function* (reference: string) {
  const [, name, kind, place] = /^([^=]+)=(env|file):(.+)$/s.exec(reference) ?? []
  if (name === undefined || place === undefined)
    return yield* wrongUse(
      "--credential requires NAME=env:VARIABLE or NAME=file:PATH; a secret on the command line stays in the shell's history",
    )
  const value = kind === "env" ? process.env[place] : yield* contentOf(place)
  if (value === undefined || value === "")
    return yield* wrongUse(
      `--credential ${name}: ${kind === "env" ? `the variable ${place} is not set` : `${place} is empty`}`,
    )
  return [name, value] as const
})

const contentOf = (path: string) =>
  Effect.tryPromise({
    try: async () => (await readFile(path, "utf8")).replace(/\r?\n$/, ""),
    catch: (cause) => wrongUse(`--credential: ${cause instanceof Error ? cause.message : String(cause)}`),
  })

/**
 * Adds the secrets to a document. References inside the document are not followed: its author could otherwise choose
 * which local variables are sent to which provider. References to secrets that the operator has provided are resolved
 * by the server.
 */
export const into = <D extends { readonly credential?: Readonly<Record<string, unknown>> | null }>(
  document: D,
  secrets: Readonly<Record<string, string>>,
): Effect.Effect<D, WrongUse> => {
  const credential = { ...document.credential, ...secrets }
  const open = Object.entries(credential).find(
    ([name, value]) =>
      typeof value === "string" && /^(env:(?!DRAWBAR_SECRET_)|file:)./.test(value) && !Object.hasOwn(secrets, name),
  )
  if (open !== undefined)
    return Effect.fail(
      wrongUse(`the document does not set the credential ${open[0]}; add --credential ${open[0]}=${String(open[1])}`),
    )
  return Effect.succeed(Object.keys(credential).length === 0 ? document : { ...document, credential })
}
