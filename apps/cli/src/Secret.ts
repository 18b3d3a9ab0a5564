/** Secrets by reference: the command line names a variable or a file, and only the server receives the value. */
import { readFile } from "node:fs/promises"
import process from "node:process"
import { Effect } from "effect"
import * as Flag from "effect/cli/Flag"
import { wrongUse, type WrongUse } from "./Failure.ts"
import * as FileFailure from "@drawbar/server/options/FileFailure"

export const flag = Flag.String("credential").pipe(
  Flag.withMetavar("NAME=env:VARIABLE|NAME=file:PATH"),
  Flag.withDescription("A connector secret, read from the environment or a file; repeatable"),
  Flag.atLeast(0),
)

/** Returns the values by name. A line break at the end of a file is not part of the secret. */
export const resolve = (references: ReadonlyArray<string>): Effect.Effect<Readonly<Record<string, string>>, WrongUse> =>
  Effect.map(Effect.forEach(references, named), (entries) => Object.fromEntries(entries))

const named = (reference: string) => {
  const [, name, place] = /^([^=]+)=(.+)$/s.exec(reference) ?? []
  return name === undefined || place === undefined || !isReference(place)
    ? Effect.fail(wrongUse(`write --credential NAME=env:VARIABLE or --credential NAME=file:PATH; ${history}`))
    : Effect.map(value(`--credential ${name}`, place), (secret) => [name, secret] as const)
}

/** The value at `env:VARIABLE` or `file:PATH`; `flag` is what messages call the argument. */
export const value = Effect.fnUntraced(function* (flag: string, reference: string) {
  if (!isReference(reference)) return yield* wrongUse(`write ${flag} env:VARIABLE or ${flag} file:PATH; ${history}`)
  const place = reference.slice(reference.indexOf(":") + 1)
  const isVariable = reference.startsWith("env:")
  const found = isVariable ? process.env[place] : yield* contentOf(flag, place)
  if (found !== undefined && found !== "") return found
  return yield* wrongUse(
    isVariable
      ? `${flag}: the variable ${place} is not set in this shell. Set it first: export ${place}=…`
      : `${flag}: the file ${place} is empty. Write the secret into it`,
  )
})

const isReference = (text: string) => /^(?:env|file):./s.test(text)

const history = "a secret on the command line stays in the shell's history"

const contentOf = (flag: string, path: string) =>
  Effect.tryPromise({
    try: async () => (await readFile(path, "utf8")).replace(/\r?\n$/, ""),
    catch: (cause) => wrongUse(`${flag}: cannot read ${path}: ${FileFailure.reasonOf(cause)}`),
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
      wrongUse(
        `the document does not set the credential ${open[0]}; add --credential ${open[0]}=${String(open[1])}, which reads the variable or file of this machine. In a document, env: names a variable of the server, which begins with DRAWBAR_SECRET_`,
      ),
    )
  return Effect.succeed(Object.keys(credential).length === 0 ? document : { ...document, credential })
}
