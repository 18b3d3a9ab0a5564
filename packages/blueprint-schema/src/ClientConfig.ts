/**
 * The settings of a connector's HTTP client. Timeouts are in seconds, as on the wire.
 *
 * In a partial `client_config`, missing fields take their defaults. Without a `client_config`, the defaults apply and
 * none is shown.
 */
import { Effect, Schema } from "effect"

export const retryBackoffPolicies = ["constant", "exponential_equal_jitter", "exponential_full_jitter"] as const

const within = (minimum: number, maximum: number, fallback: number) =>
  Schema.Int.check(Schema.isBetween({ minimum, maximum })).pipe(Schema.withDecodingDefaultKey(Effect.succeed(fallback)))

export const ClientConfig = Schema.Struct({
  max_connection: within(1, 10_000, 30),
  connection_timeout: within(1, 86_400, 30),
  read_timeout: within(1, 86_400, 30),
  retry_backoff_millis: within(0, 3_600_000, 200),
  retry_timeout_seconds: within(0, 86_400, 30),
  max_retry_times: within(-1, 1_000, 0),
  retry_backoff_policy: Schema.Literals(retryBackoffPolicies).pipe(
    Schema.withDecodingDefaultKey(Effect.succeed("constant" as const)),
  ),
  skip_ssl_verification: Schema.Boolean.pipe(Schema.withDecodingDefaultKey(Effect.succeed(false))),
  mutual_tls_enabled: Schema.Boolean.pipe(Schema.withDecodingDefaultKey(Effect.succeed(false))),
  /** Size of a response body, before and after decompression; 100 MB by default. */
  max_response_bytes: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1_000, maximum: 100_000_000 }))),
  keystore_type: Schema.optionalKey(Schema.Literals(["PEM", "PKCS12"])),
})
export type ClientConfig = typeof ClientConfig.Type

/** The defaults of a connector without a `client_config`. */
export const defaults: ClientConfig = Schema.decodeSync(ClientConfig)({})
