/**
 * How a connector's requests are authenticated: plain `http`, AWS Signature Version 4, or a Google Cloud access token.
 */
import { Schema } from "effect"

export const names = ["aws_sigv4", "google_cloud", "http"] as const

export const ConnectorProtocol = Schema.Literals(names)
export type ConnectorProtocol = typeof ConnectorProtocol.Type

export const is = (name: string): name is ConnectorProtocol => names.some((known) => known === name)

/**
 * Protocols of ML Commons that Drawbar rejects with an explanation: they connect agents to tools, not applications to
 * models.
 */
export const elsewhere = ["mcp_sse", "mcp_streamable_http"] as const
