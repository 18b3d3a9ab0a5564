/** What the operator lets connectors name: variables called `DRAWBAR_SECRET_…`, and the files of one folder. */
import { readFile, realpath } from "node:fs/promises"
import { join, sep } from "node:path"
import { prefix, type SecretSource } from "@drawbar/deployments/SecretReferences"
import { Effect, Result } from "effect"

type Environment = Readonly<Record<string, string | undefined>>

export const make = (environment: Environment, folder: string | undefined): SecretSource => ({
  variable: (name) => {
    if (!name.startsWith(prefix))
      return Result.fail(`only variables called ${prefix}… may be named, and ${name} is not`)
    const value = environment[name]
    return value === undefined || value === ""
      ? Result.fail(`the variable ${name} of the server is not set`)
      : Result.succeed(value)
  },
  file: (name) =>
    folder === undefined
      ? Effect.fail("this server gives no files to connectors: start it with --secrets FOLDER")
      : Effect.tryPromise({
          try: () => content(folder, name),
          catch: (cause) =>
            cause instanceof Outside ? cause.message : `the file ${name} of the server cannot be read`,
        }),
})

class Outside extends Error {}

/** A link that leads out of the folder is not followed. A line break at the end is no part of the secret. */
const content = async (folder: string, name: string): Promise<string> => {
  const inside = await realpath(folder)
  const path = await realpath(join(inside, name))
  if (!path.startsWith(`${inside}${sep}`)) throw new Outside(`${name} leads out of the server's folder of secrets`)
  return (await readFile(path, "utf8")).replace(/\r?\n$/, "")
}
