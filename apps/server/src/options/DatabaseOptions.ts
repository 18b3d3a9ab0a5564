/** How the server connects to the database of `--database`. */
import { readFileSync } from "node:fs"
import type { PostgresOptions } from "@drawbar/document-store/sql/PostgresClient"
import { Effect, Redacted } from "effect"
import type { DatabaseUrl, Password } from "./DatabaseUrl.ts"
import { InvalidFileOption } from "./InvalidFileOption.ts"
import * as FileFailure from "./FileFailure.ts"

export const make = Effect.fnUntraced(function* ({
  password,
  sslMode,
  rootCertificate,
  ...options
}: DatabaseUrl): Effect.fn.Return<PostgresOptions, InvalidFileOption> {
  const ca = rootCertificate === undefined ? undefined : yield* readText(rootCertificate, "authorities (sslrootcert)")
  // Its first use checks the file, so that a wrong path is named at the start.
  if (password?._tag === "File") yield* readText(password.path, "password")
  return {
    ...options,
    password: password && secret(password),
    tls:
      sslMode === "disable"
        ? undefined
        : {
            ...(ca === undefined ? {} : { ca }),
            // As in libpq, `require` encrypts, and verifies only against an authority that is given.
            rejectUnauthorized: sslMode !== "require" || ca !== undefined,
            ...(sslMode === "verify-full" ? {} : { checkServerIdentity: () => undefined }),
          },
  }
})

const secret = (password: Password): Effect.Effect<Redacted.Redacted> =>
  password._tag === "Text"
    ? Effect.succeed(password.text)
    : Effect.orDie(Effect.map(readText(password.path, "password"), (text) => Redacted.make(text.replace(/\r?\n$/, ""))))

const readText = (path: string, what: string) =>
  Effect.try({
    try: () => readFileSync(path, "utf8"),
    catch: (cause) =>
      new InvalidFileOption({
        message: `The file ${path} with the ${what} of --database cannot be read: ${FileFailure.reasonOf(cause)}.`,
      }),
  })
