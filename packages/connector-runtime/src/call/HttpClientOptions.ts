/** A connector's `client_config` in the terms of the HTTP client: seconds become milliseconds. */
import type { ClientConfig } from "@drawbar/blueprint-schema/ClientConfig"
import type { ConnectionOptions } from "@drawbar/egress/EgressPool"
import type { RetryOptions } from "@drawbar/egress/Transport"

export const connection = (config: ClientConfig): ConnectionOptions => ({
  maxConnections: config.max_connection,
  connectTimeoutMs: config.connection_timeout * 1_000,
  verifyCertificates: !config.skip_ssl_verification,
})

export const retry = (config: ClientConfig): RetryOptions => ({
  responseTimeoutMs: config.read_timeout * 1_000,
  maxRetries: config.max_retry_times,
  backoffMs: config.retry_backoff_millis,
  backoffPolicy: config.retry_backoff_policy,
  retryTimeoutMs: config.retry_timeout_seconds * 1_000,
})
