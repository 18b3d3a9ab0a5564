/** What a way to keys of AWS reads, and by which door it asks. */
import { readFile } from "node:fs/promises"
import type * as SigV4 from "@drawbar/auth-sigv4/SigV4"
import type { Expiring } from "@drawbar/egress/RefreshingValue"
import { Effect } from "effect"
import type { OperatorHttpClient } from "../secrets/OperatorHttpClient.ts"

export interface AwsEnvironment {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly door: OperatorHttpClient["Service"]
}

/** Keys, and until when they hold; nothing where nothing says that they are to be had in this way. Fails with a sentence without a full stop. */
export type Keys = Effect.Effect<Expiring<SigV4.Credentials> | undefined, string>

/** In the region that the environment names, else in AWS's first. */
export const regionOf = ({ environment }: AwsEnvironment): string =>
  environment["AWS_REGION"] || environment["AWS_DEFAULT_REGION"] || "us-east-1"

/** A small file that `variable` names. */
export const textOf = (variable: string, file: string): Effect.Effect<string, string> =>
  Effect.tryPromise({
    try: async () => (await readFile(file, "utf8")).trim(),
    catch: (cause) => `the file ${file} of ${variable} cannot be read (${codeOf(cause)})`,
  })

export const codeOf = (cause: unknown): string =>
  cause instanceof Error && "code" in cause ? String(cause.code) : "unknown"
