/** The API key of the first admin, which the operator chooses: a server with `--auth on` can start on new data. */
import { readFile } from "node:fs/promises"
import { Effect, Redacted } from "effect"
import { InvalidFileOption } from "./InvalidFileOption.ts"

const variable = "DRAWBAR_INITIAL_ADMIN_KEY"
const fileVariable = `${variable}_FILE`

/** Its hash is fast to compute, so that a shorter key could be guessed from a backup. */
const minLength = 20
const maxLength = 512

/** Absent where neither variable is set. A line break at the end of the file is not part of the key. */
export const read = Effect.fnUntraced(function* (environment: NodeJS.ProcessEnv) {
  const { [variable]: given = "", [fileVariable]: file = "" } = environment
  if (given === "" && file === "") return undefined
  if (given !== "" && file !== "")
    return yield* refused(`${variable} and ${fileVariable} are both set. Set only one of them.`)
  const source = given === "" ? `${fileVariable} (${file})` : variable
  const key = given === "" ? (yield* contentOf(file)).replace(/\r?\n$/, "") : given
  if (key.length < minLength || key.length > maxLength || !/^[\x21-\x7e]+$/.test(key))
    return yield* refused(
      `${source} must hold a key of ${minLength} to ${maxLength} ASCII characters without blanks. Create one: openssl rand -hex 32`,
    )
  return Redacted.make(key, { label: "initial admin key" })
})

const contentOf = (file: string) =>
  Effect.tryPromise({
    try: () => readFile(file, "utf8"),
    catch: (cause) =>
      new InvalidFileOption({ message: `${fileVariable} names ${file}, which cannot be read: ${codeOf(cause)}.` }),
  })

const codeOf = (cause: unknown) => (cause instanceof Error && "code" in cause ? String(cause.code) : String(cause))

const refused = (message: string) => Effect.fail(new InvalidFileOption({ message }))
