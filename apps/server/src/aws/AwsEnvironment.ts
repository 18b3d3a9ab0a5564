/** The environment, files and HTTP client that a source of AWS keys uses. */
import { readFile } from "node:fs/promises"
import type * as SigV4 from "@drawbar/auth-sigv4/SigV4"
import type { Expiring } from "@drawbar/egress/RefreshingValue"
import { Effect } from "effect"
import type { OperatorHttpClient } from "../secrets/OperatorHttpClient.ts"

export interface AwsEnvironment {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly httpClient: OperatorHttpClient["Service"]
}

/** Keys and their expiry; undefined if this source is not configured. Fails with a message without a full stop. */
export type Keys = Effect.Effect<Expiring<SigV4.Credentials> | undefined, string>

/** In the region of the environment, otherwise in AWS's default region. */
export const regionOf = ({ environment }: AwsEnvironment): string =>
  environment["AWS_REGION"] || environment["AWS_DEFAULT_REGION"] || "us-east-1"

/** Reads a small file that `variable` names. */
export const textOf = (variable: string, file: string): Effect.Effect<string, string> =>
  Effect.tryPromise({
    try: async () => (await readFile(file, "utf8")).trim(),
    catch: (cause) => `the file ${file} of ${variable} cannot be read (${codeOf(cause)})`,
  })

export const codeOf = (cause: unknown): string =>
  cause instanceof Error && "code" in cause ? String(cause.code) : "unknown"
