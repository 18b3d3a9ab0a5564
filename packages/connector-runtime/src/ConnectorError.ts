/** Why a connector cannot be used, or one call of it failed: the one error of this package. */
import { Data } from "effect"
import type { TemplateError } from "@drawbar/template-renderer/TemplateError"
import type { EgressReason } from "@drawbar/egress/EgressError"

/** The document cannot be run: a template, a function or a limit of it. `pointer` is a JSON pointer into the connector. */
export class InvalidConnector extends Data.TaggedError("InvalidConnector")<{
  readonly pointer: string
  readonly message: string
}> {}

/** This call cannot be made: its input does not fit the connector. Nothing was sent. */
export class InvalidInput extends Data.TaggedError("InvalidInput")<{
  readonly message: string
  /** The field of the request that cannot be sent, where it is one. */
  readonly param?: string
}> {}

/** Parameters that neither the caller nor the connector gives, all at once. */
export class MissingParameters extends Data.TaggedError("MissingParameters")<{
  readonly names: ReadonlyArray<string>
  /** The action's name, or its type. */
  readonly action?: string | undefined
  /** Everything that a call of the action has to bring. */
  readonly required?: ReadonlyArray<string>
  /** What stands in the caller's body beside `parameters`, where no parameter is read from. */
  readonly unread?: ReadonlyArray<string>
}> {
  override get message() {
    const { names, action = "predict", required = names, unread = [] } = this
    const example = `{"parameters": {${required.map((name) => `${JSON.stringify(name)}: …`).join(", ")}}}`
    return [
      `Some parameter placeholder not filled in payload: ${names.join(", ")}`,
      `A call of the action ${action} has to bring [${required.join(", ")}]: send ${example}, or set them among the connector's parameters`,
      ...(unread.length === 0
        ? []
        : [
            `The body's fields [${unread.join(", ")}] are beside "parameters" and are not read as parameters: move them into it`,
          ]),
    ].join(". ")
  }
}

/** A template refused what the call filled it with. */
export class NotRendered extends Data.TaggedError("NotRendered")<{
  readonly stage: "url" | "headers" | "body"
  readonly problem: TemplateError
  /** The action's name, or its type where it has none; named where a URL is too long, as the caller cannot see the template. */
  readonly action?: string | undefined
}> {
  override get message() {
    const { message, reason } = this.problem
    return reason._tag === "UrlTooLong" && this.action !== undefined ? `Action ${this.action}: ${message}` : message
  }
}

/** The request could not be authorised; no secret is in the message. */
export class RequestSigningFailed extends Data.TaggedError("RequestSigningFailed")<{ readonly message: string }> {}

/** What a caller may know of a platform's refusal. `body` is cut. */
export interface Remote {
  /** Of a failure inside a success: the status that it stands for, where the platform classifies it. */
  readonly status: number
  /** The platform's own name for a failure that it reports inside a success. */
  readonly type?: string
  readonly requestId?: string
  readonly body: string
  /** How long the platform asks to be left alone, in milliseconds. */
  readonly retryAfterMillis?: number
}

/** The upstream responded with a status other than 2xx. */
export class UpstreamError extends Data.TaggedError("UpstreamError")<{
  readonly remote: Remote
  readonly message: string
  /** The message without the words of the platform, which `remote.body` has; absent where nothing is known of the connector. */
  readonly summary?: string
  /** The wire's word for it, where the platform's own header names throttling. */
  readonly type?: "remote_connector_throttling_exception"
}> {}

/** The platform answered with success, but not with what the connector needs. */
export class InvalidUpstreamResponse extends Data.TaggedError("InvalidUpstreamResponse")<{
  readonly remote: Remote
  readonly message: string
}> {}

/** What was asked, or answered, is forbidden by the model's guardrails. Which of them is not told: it would teach the way around. */
export class GuardrailTriggered extends Data.TaggedError("GuardrailTriggered")<{
  readonly side: "user input" | "LLM output"
}> {
  override get message() {
    return `guardrails triggered for ${this.side}`
  }
}

export type Reason =
  | InvalidConnector
  | InvalidInput
  | MissingParameters
  | NotRendered
  | RequestSigningFailed
  | UpstreamError
  | InvalidUpstreamResponse
  | GuardrailTriggered
  | EgressReason

export class ConnectorError extends Data.TaggedError("ConnectorError")<{ readonly reason: Reason }> {
  static readonly from = (reason: Reason): ConnectorError => new ConnectorError({ reason })

  override get message() {
    return this.reason.message
  }
}

export const invalidConnector = (pointer: string, message: string) =>
  ConnectorError.from(new InvalidConnector({ pointer, message }))
export const invalidInput = (message: string) => ConnectorError.from(new InvalidInput({ message }))
