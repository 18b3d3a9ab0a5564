/**
 * The server's own Google Cloud identity: access tokens from the application default credentials file, or from the
 * metadata service of the machine. They are fetched with the operator's HTTP client, never through the connectors'
 * egress. Source: https://cloud.google.com/docs/authentication/application-default-credentials
 */
import * as Reserved from "@drawbar/blueprint-schema/ReservedParameters"
import { readFile } from "node:fs/promises"
import { homedir } from "node:os"
import { join } from "node:path"
import * as GoogleCloud from "@drawbar/blueprint-schema/GoogleCloud"
import * as Json from "@drawbar/json-text/Json"
import * as AccessToken from "@drawbar/connector-runtime/auth/AccessToken"
import { ConnectorError, RequestSigningFailed } from "@drawbar/connector-runtime/ConnectorError"
import type { EgressRequest } from "@drawbar/egress/EgressPool"
import { GoogleIdentity } from "@drawbar/connector-runtime/auth/GoogleIdentity"
import * as RefreshingValue from "@drawbar/egress/RefreshingValue"
import * as SecretMask from "@drawbar/connector-runtime/response/SecretMask"
import { Effect, Layer } from "effect"
import { OperatorHttpClient } from "../secrets/OperatorHttpClient.ts"

/** The values of `--google-credentials`, apart from `off`. */
export type Source = "file" | "metadata"

export interface Options {
  readonly source: Source
  readonly environment: Readonly<Record<string, string | undefined>>
}

export const layer = ({ source, environment }: Options) =>
  Layer.effect(
    GoogleIdentity,
    Effect.gen(function* () {
      const client = yield* OperatorHttpClient
      const token = yield* RefreshingValue.make((now) =>
        Effect.mapError(
          source === "file" ? ofFile(client, environment, now) : ofMachine(client, environment, now),
          (why) =>
            ConnectorError.from(new RequestSigningFailed({ message: `This server has no Google Cloud token: ${why}` })),
        ),
      )
      // Fetched at startup, so that a failure is logged before the first predict; the server starts in any case.
      yield* Effect.forkScoped(Effect.ignore(Effect.tapError(token, ({ message }) => Effect.logWarning(message))))
      return { token }
    }),
  )

type Fetched = Effect.Effect<RefreshingValue.Expiring<string>, string>

const limits = { headersTimeoutMs: 5_000, idleTimeoutMs: 5_000, timeoutMs: 10_000, maxResponseBytes: 65_536 }

const fetched = (
  client: OperatorHttpClient["Service"],
  request: EgressRequest,
  secrets: ReadonlyArray<string>,
  now: number,
): Fetched => {
  const mask = SecretMask.make({})
  for (const secret of secrets) mask.learn(secret)
  return client.send(request, limits).pipe(
    Effect.mapError(({ message }) => message),
    Effect.flatMap((response) =>
      Effect.mapError(AccessToken.read(request.url, response, now, mask), ({ message }: ConnectorError) => message),
    ),
  )
}

/** The variable that names the file; by default, the file that gcloud writes. */
const variable = "GOOGLE_APPLICATION_CREDENTIALS"

const pathOf = (environment: Options["environment"]): string =>
  environment[variable] ||
  join(environment["CLOUDSDK_CONFIG"] || join(homedir(), ".config", "gcloud"), "application_default_credentials.json")

const ofFile = Effect.fnUntraced(function* (
  client: OperatorHttpClient["Service"],
  environment: Options["environment"],
  now: number,
): Effect.fn.Return<RefreshingValue.Expiring<string>, string> {
  const path = pathOf(environment)
  // Read for each fetch, because keys are rotated.
  const text = yield* Effect.tryPromise({
    try: () => readFile(path, "utf8"),
    catch: () => `the file ${path} (${variable}) cannot be read`,
  })
  const { type, client_id, client_secret, refresh_token } = Json.objectIn(text) ?? {}
  if (type === "service_account") {
    const { url, form } = yield* Effect.mapError(
      Effect.fromResult(AccessToken.serviceAccount(text, GoogleCloud.cloudPlatform)),
      (why) => `the file ${path}: ${why.replaceAll(Reserved.googleServiceAccount, "the key file")}`,
    )
    return yield* requested(client, url, form(now), now)
  }
  if (type !== "authorized_user")
    return yield* Effect.fail(`the file ${path} must have type service_account or authorized_user`)
  if (typeof client_id !== "string" || typeof client_secret !== "string" || typeof refresh_token !== "string")
    return yield* Effect.fail(`the file ${path} has no client_id, client_secret and refresh_token`)
  const form = { grant_type: "refresh_token", client_id, client_secret, refresh_token }
  return yield* requested(client, GoogleCloud.tokenUri, form, now)
})

const requested = (
  client: OperatorHttpClient["Service"],
  url: string,
  form: Readonly<Record<string, string>>,
  now: number,
): Fetched =>
  fetched(
    client,
    {
      method: "POST",
      url,
      headers: { "content-type": "application/x-www-form-urlencoded", accept: "application/json" },
      body: new URLSearchParams(form).toString(),
    },
    ["assertion", "client_secret", "refresh_token"].flatMap((name) => form[name] ?? []),
    now,
  )

/** https://cloud.google.com/compute/docs/access/authenticate-workloads#applications */
const ofMachine = (
  client: OperatorHttpClient["Service"],
  environment: Options["environment"],
  now: number,
): Fetched => {
  const url = `http://${environment["GCE_METADATA_HOST"] || "169.254.169.254"}/computeMetadata/v1/instance/service-accounts/default/token?scopes=${encodeURIComponent(GoogleCloud.cloudPlatform)}`
  return URL.canParse(url)
    ? fetched(
        client,
        { method: "GET", url, headers: { "metadata-flavor": "Google", accept: "application/json" } },
        [],
        now,
      )
    : Effect.fail("GCE_METADATA_HOST is not a host")
}
