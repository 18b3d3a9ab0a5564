/** What a way to keys of AWS reads, and by which door it asks. */
import { readFile } from "node:fs/promises"
import type * as SigV4 from "@drawbar/auth-sigv4/SigV4"
import * as Json from "@drawbar/blueprint-schema/Json"
import type { EgressRequest, RemoteResponse } from "@drawbar/connector-runtime/Egress"
import type { Expiring } from "@drawbar/connector-runtime/Renewed"
import { Effect } from "effect"
import type { Door } from "../Door.ts"

export interface World {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly door: Door["Service"]
}

/** Keys, and until when they hold; nothing where nothing says that they are to be had in this way. Fails with a sentence without a full stop. */
export type Keys = Effect.Effect<Expiring<SigV4.Credentials> | undefined, string>

/** In the region that the environment names, else in AWS's first. */
export const regionOf = ({ environment }: World): string =>
  environment["AWS_REGION"] || environment["AWS_DEFAULT_REGION"] || "us-east-1"

/** A small file that `variable` names. */
export const textOf = (variable: string, file: string): Effect.Effect<string, string> =>
  Effect.tryPromise({
    try: async () => (await readFile(file, "utf8")).trim(),
    catch: (cause) => `the file ${file} of ${variable} cannot be read (${codeOf(cause)})`,
  })

export const codeOf = (cause: unknown): string =>
  cause instanceof Error && "code" in cause ? String(cause.code) : "unknown"

const limits = { headersTimeoutMs: 5_000, idleTimeoutMs: 5_000, timeoutMs: 5_000, maxResponseBytes: 65_536 }

/** The text of an answer of status 200; `who` begins the sentence of any other. */
export const ask = ({ door }: World, who: string, request: EgressRequest): Effect.Effect<string, string> =>
  door.send(request, limits).pipe(
    Effect.mapError(({ message }) => `${who} gave none: ${message}`),
    Effect.flatMap(({ status, body }: RemoteResponse) =>
      status === 200
        ? Effect.succeed(Buffer.from(body).toString("utf8"))
        : Effect.fail(`${who} gave none: it answered with status ${status}`),
    ),
  )

/** The keys in an answer, as container endpoints and metadata services write them. */
export const keysIn = (who: string, text: string): Effect.Effect<Expiring<SigV4.Credentials>, string> => {
  const { AccessKeyId, SecretAccessKey, Token, Expiration } = Json.objectIn(text) ?? {}
  if (typeof AccessKeyId !== "string" || typeof SecretAccessKey !== "string" || typeof Token !== "string")
    return Effect.fail(`${who} gave none: its answer has no AccessKeyId, SecretAccessKey and Token`)
  const expires = Date.parse(String(Expiration))
  return Effect.succeed({
    value: { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: Token },
    expires: Number.isNaN(expires) ? 0 : expires,
  })
}
