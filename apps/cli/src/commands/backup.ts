/** `drawbar backup FILE`: a copy of a running server's records, in one file on this machine. */
import { createWriteStream, existsSync } from "node:fs"
import { rename, rm, stat } from "node:fs/promises"
import { Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import { ErrorEnvelope } from "@drawbar/http-api/errors/ErrorEnvelope"
import { decode } from "@drawbar/json-text/Decode"
import { Effect, Result, Stream } from "effect"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import type { HttpClientResponse } from "effect/http/HttpClientResponse"
import { failed, sentenceOf, wrongUse } from "../Failure.ts"
import * as NextCommand from "../NextCommand.ts"
import * as Output from "../Output.ts"
import * as Session from "../Session.ts"
import * as FileFailure from "@drawbar/server/options/FileFailure"

const file = Argument.String("file").pipe(Argument.withDescription("The file to write; it must not exist yet"))

export const command = Command.make(
  "backup",
  { file },
  Effect.fnUntraced(function* ({ file }) {
    if (existsSync(file)) return yield* wrongUse(`${file} already exists; name another file`)
    const { client, url, output } = yield* Session.open
    const response = yield* Effect.mapError(client.backup.download({ responseMode: "response-only" }), (error) =>
      failed(Session.explain(error, url)),
    )
    if (response.status !== 200) return yield* rejected(response)
    const records = yield* received(response, file)
    const { size } = yield* Effect.promise(() => stat(file))
    yield* Output.print(
      output,
      JSON.stringify({ file, bytes: size, records, key_ring: false }),
      [
        `Wrote ${records} records (${size} bytes) to ${file} and checked it.`,
        `The key ring is not in it: without the key ring, the credentials in this backup cannot be decrypted. Back up the server's keyring.json separately.`,
        `Next, to try the backup: ${NextCommand.drawbar} restore ${NextCommand.word(file)} --data ./restored`,
      ].join("\n"),
    )
  }),
).pipe(
  Command.withDescription(
    "Copy all records of the running server to a file, while it serves. The key ring is never part of it",
  ),
)

/** The file has its name once it is complete and checked. */
const received = (response: HttpClientResponse, file: string) =>
  Effect.tryPromise({
    try: async (signal) => {
      const incoming = `${file}.part`
      try {
        const body = Readable.fromWeb(
          Stream.toReadableStream(response.stream) as Parameters<typeof Readable.fromWeb>[0],
        )
        await pipeline(body, createWriteStream(incoming, { mode: 0o600, flush: true }), { signal })
        const { check } = await import("@drawbar/document-store/SqliteRestore")
        const records = check(incoming)
        await rename(incoming, file)
        return records
      } finally {
        await rm(incoming, { force: true })
      }
    },
    catch: (cause) => failed(`the backup ${file} was not written: ${FileFailure.reasonOf(cause)}`),
  })

const rejected = (response: HttpClientResponse) =>
  Effect.flatMap(
    Effect.orElseSucceed(response.json, () => undefined),
    (body) => {
      const envelope = decode(ErrorEnvelope)(body)
      return failed(
        Result.isSuccess(envelope)
          ? sentenceOf(envelope.success)
          : `the server sent no backup (status ${response.status}); it may be an earlier version`,
      )
    },
  )
