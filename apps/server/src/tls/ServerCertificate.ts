/** The server's own certificate, read from its files, and again when they change: it is renewed while the server runs. */
import { readFileSync, unwatchFile, watchFile } from "node:fs"
import process from "node:process"
import { createSecureContext } from "node:tls"
import type { Tls } from "@drawbar/http-server/http/HttpServer"
import { Effect } from "effect"
import { InvalidFileOption } from "../options/InvalidFileOption.ts"

interface Files {
  readonly cert: string
  readonly key: string
}

/** In ms: how often the files are looked at. */
const interval = 5_000

export const load = (files: Files): Effect.Effect<Tls, InvalidFileOption> =>
  Effect.try({
    try: () => ({ ...read(files), watch: (renew) => watch(files, renew) }),
    catch: (cause) =>
      new InvalidFileOption({
        message: `--tls-cert ${files.cert} and --tls-key ${files.key} cannot be used: ${messageOf(cause)}.`,
      }),
  })

const messageOf = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause))

/** Throws where they are no pair. */
const read = ({ cert, key }: Files) => {
  const pair = { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") }
  // An empty file would be taken for none.
  for (const [part, file] of [
    [pair.cert, cert],
    [pair.key, key],
  ] as const)
    if (!part.includes("-----BEGIN ")) throw new Error(`there is nothing in PEM in ${file}`)
  createSecureContext(pair)
  return pair
}

const watch: (files: Files, renew: Parameters<Tls["watch"]>[0]) => () => void = (files, renew) => {
  const again = () => {
    try {
      renew(read(files))
      process.stderr.write(`The certificate in ${files.cert} serves from now on.\n`)
    } catch (cause) {
      // Of the two files one may be new and the other not yet.
      process.stderr.write(`--tls-cert and --tls-key do not fit yet, the old pair serves on: ${messageOf(cause)}.\n`)
    }
  }
  for (const path of [files.cert, files.key]) watchFile(path, { interval, persistent: false }, again)
  return () => {
    for (const path of [files.cert, files.key]) unwatchFile(path, again)
  }
}
