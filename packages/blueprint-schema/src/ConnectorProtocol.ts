/** How a connector's requests are authorised: plain `http`, AWS Signature Version 4, or an access token of Google Cloud. */
import { Schema } from "effect"

export const names = ["aws_sigv4", "google_cloud", "http"] as const

export const ConnectorProtocol = Schema.Literals(names)
export type ConnectorProtocol = typeof ConnectorProtocol.Type

export const is = (name: string): name is ConnectorProtocol => names.some((known) => known === name)

/** Protocols of the wire that Drawbar answers with a sentence instead: they couple agents to tools, not applications to models. */
export const elsewhere = ["mcp_sse", "mcp_streamable_http"] as const
