/** The server's certificate, reloaded when its files change, because certificates are renewed while the server runs. */
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

/** In ms: the interval at which the files are checked. */
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

/** Throws if they do not match. */
const read = ({ cert, key }: Files) => {
  const pair = { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") }
  // TLS would treat an empty file as no certificate.
  for (const [part, file] of [
    [pair.cert, cert],
    [pair.key, key],
  ] as const)
    if (!part.includes("-----BEGIN ")) throw new Error(`${file} contains no PEM data`)
  createSecureContext(pair)
  return pair
}

const watch: (files: Files, renew: Parameters<Tls["watch"]>[0]) => () => void = (files, renew) => {
  const again = () => {
    try {
      renew(read(files))
      process.stderr.write(`The certificate in ${files.cert} is now in use.\n`)
    } catch (cause) {
      // Of the two files one may already be new and the other still old.
      process.stderr.write(
        `--tls-cert and --tls-key do not match yet; the previous certificate stays in use: ${messageOf(cause)}.\n`,
      )
    }
  }
  for (const path of [files.cert, files.key]) watchFile(path, { interval, persistent: false }, again)
  return () => {
    for (const path of [files.cert, files.key]) unwatchFile(path, again)
  }
}
