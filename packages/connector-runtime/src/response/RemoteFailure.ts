/** A failure that a platform reports inside an answer whose status says success, and the status that it stands for. */
import { Result } from "effect"
import type { EgressResponse } from "@drawbar/egress/EgressPool"
import * as JsonSource from "@drawbar/json-text/JsonSource"
import * as RetryAfter from "@drawbar/egress/RetryAfter"

export interface RemoteFailure {
  readonly message: string
  /** As the platform has it: JSON text, or words. */
  readonly body: string
  /** The platform's own name for it, such as `overloaded_error` or `throttlingException`. */
  readonly type?: string
  /** The HTTP status that the same failure has outside a success; absent where the platform does not classify it. */
  readonly status?: number
  /** How long the platform asks to wait, in ms. */
  readonly retryAfterMillis?: number
}

/**
 * The names that platforms give to a failure, and the status that the same failure has as an answer of its own. Names are compared in
 * lower case without separators; the first row that matches holds. A message never decides: it is text of any kind.
 * Sources: https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html,
 * https://platform.claude.com/docs/en/api/errors, https://platform.openai.com/docs/guides/error-codes,
 * https://cloud.google.com/apis/design/errors#handling_errors
 */
const statuses: ReadonlyArray<readonly [name: RegExp, status: number]> = [
  [/servicequotaexceeded/, 400],
  [/throttl|ratelimit|toomanyrequests|resourceexhausted|quota|modelnotready/, 429],
  [/overload|unavailable|capacity|serverbusy/, 503],
  [/modeltimeout/, 408],
  [/timeout|timedout|deadlineexceeded/, 504],
  [/authentication|unauthenticated|unauthorized|invalidapikey/, 401],
  [/permission|accessdenied|forbidden/, 403],
  [/notfound/, 404],
  [/requesttoolarge/, 413],
  [/modelstreamerror|modelerror/, 424],
  [/invalidrequest|invalidargument|badrequest|validation|contentfilter|contentpolicy|contextlength/, 400],
  [/^(?:internal|server|api|internalserver|internalstream)(?:error|exception|failure)?$/, 500],
]

/** A response of which is known whether it is a failure. */
export interface ClassifiedResponse extends EgressResponse {
  /** What a success reports as failed; `status` is then the one that it stands for, where the upstream classifies it. */
  readonly failure?: RemoteFailure
}

/** Whether an `error` says anything: many platforms send an empty one with each success. A number may be a model's output. */
export const isSaid = (error: unknown): boolean => {
  if (typeof error === "string") return error.trim() !== ""
  return typeof error === "object" && error !== null ? Object.values(error).some(Boolean) : error === true
}

/** Reads an `error`; `beside` is the object that holds it, `name` the platform's name for the event or exception. */
export const of = (
  error: unknown,
  beside: unknown = undefined,
  name: string | undefined = undefined,
): RemoteFailure => {
  const around = beside === error ? undefined : beside
  const fields = (member: string) => [field(error, member), field(around, member)]
  const codes = ["code", "status", "status_code", "statusCode", "http_status", "httpStatusCode"].flatMap(fields)
  const words = [
    name,
    ...["type", "error_type", "status", "code", "__type"].flatMap(fields),
    field(field(error, "metadata"), "error_type"),
  ].filter((word): word is string => typeof word === "string" && isName(word))
  const known = words.flatMap((word) => {
    const plain = word.toLowerCase().replaceAll(/[^a-z]/g, "")
    const row = statuses.find(([pattern]) => pattern.test(plain))
    return row === undefined ? [] : [{ word, status: row[1] }]
  })[0]
  const status = codes.map(statusOf).find((code) => code !== undefined) ?? known?.status
  const type = known?.word ?? words[0]
  const said = messageOf(error) ?? messageOf(around) ?? JSON.stringify(isSaid(error) ? error : (around ?? error))
  const retryAfterMillis = RetryAfter.inError(error) ?? RetryAfter.inError(around)
  return {
    message: name === undefined ? said : `${name}: ${said}`,
    body: typeof error === "string" ? error : JSON.stringify(error === true ? around : error),
    ...(type === undefined ? {} : { type }),
    ...(status === undefined ? {} : { status }),
    ...(retryAfterMillis === undefined ? {} : { retryAfterMillis }),
  }
}

/** The failure that an event of a stream, or a whole answer, reports whatever its format: an `error` of its own, or of a choice. */
export const inValue = (value: unknown): RemoteFailure | undefined => {
  const error = field(value, "error")
  if (isSaid(error)) return of(error, value)
  const choices = field(value, "choices")
  if (!Array.isArray(choices)) return undefined
  const choice: unknown = choices.find(
    (one) => isSaid(field(one, "error")) || isFinishedByError(field(one, "finish_reason")),
  )
  if (choice === undefined) return undefined
  return isSaid(field(choice, "error")) ? of(field(choice, "error"), choice) : finished(field(choice, "finish_reason"))
}

/** Whether a finish reason reports a failure of the platform. `ERROR_TOXIC` is a content filter, and none. */
export const isFinishedByError = (reason: unknown): boolean =>
  typeof reason === "string" && /^error(?:_limit)?$/i.test(reason)

/** The failure of an answer that has ended for such a reason and does not say more. */
export const finished = (reason: unknown): RemoteFailure => ({
  message: `the platform ended the model's answer with the reason ${String(reason)}`,
  body: String(reason),
  type: String(reason),
})

/**
 * The response with what its body says about it: a success that only reports a failure gets `failure` and the status it stands for,
 * and a wait that stands in the body of a refusal goes to the headers. A body above the bound is an answer.
 */
export const classified = <A extends EgressResponse>(response: A): A & ClassifiedResponse => {
  const { status, body, headers } = response
  if (body.length === 0 || body.length > maxFailureBytes) return response
  if (status === 429 || status === 503)
    return RetryAfter.millis(headers, 0) === undefined
      ? withDelay(response, RetryAfter.inError(field(parsed(body, "retry"), "error") ?? parsed(body, "retry")))
      : response
  if (status < 200 || status > 299) return response
  const value = parsed(body, '"error"')
  const failure = isAnswer(value) ? undefined : inValue(value)
  if (failure === undefined) return response
  return withDelay({ ...response, status: failure.status ?? status, failure }, failure.retryAfterMillis)
}

/** The same, with a wait in ms where the headers do not say one. */
export const withDelay = <A extends EgressResponse>(response: A, millis: number | undefined): A =>
  millis === undefined || RetryAfter.millis(response.headers, 0) !== undefined
    ? response
    : { ...response, headers: { ...response.headers, "retry-after-ms": String(millis) } }

/** In bytes: what a platform says about a failure is shorter. */
const maxFailureBytes = 65_536

/** Members that accompany an `error` and do not count as a result. */
const companions = new Set(
  (
    "error type object status status_code statusCode code message msg detail details request_id requestId user_id id created " +
    "model provider metadata param success error_type error_code error_description timestamp path trace_id"
  ).split(" "),
)

/** Whether there is an answer beside the `error`. OpenAI's responses say themselves that they failed. */
const isAnswer = (value: unknown): boolean => {
  if (!isSaid(field(value, "error"))) return false
  if (field(value, "object") === "response" && field(value, "status") === "failed") return false
  return Object.entries(value ?? {}).some(([name, member]) => !companions.has(name) && !isEmpty(member))
}

const isEmpty = (value: unknown): boolean =>
  value === null || (typeof value === "object" && Object.keys(value).length === 0)

const lenient = new TextDecoder()

/** The body as JSON, where it holds the word; parsed only then. */
const parsed = (body: Uint8Array, word: string): unknown => {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  return bytes.includes(word) ? Result.getOrUndefined(JsonSource.parse(lenient.decode(bytes)))?.value : undefined
}

const field = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined

/** A word that names a failure: not `error` itself, and no sentence. */
const isName = (word: string): boolean => /^[A-Za-z][\w.:/#-]{1,99}$/.test(word) && !/^error$/i.test(word)

const statusOf = (code: unknown): number | undefined =>
  /^[45]\d\d$/.test(String(code)) && (typeof code === "number" || typeof code === "string") ? Number(code) : undefined

const messageOf = (error: unknown): string | undefined => {
  if (typeof error === "string") return error
  return ["message", "Message", "detail", "msg", "error"]
    .map((member) => field(error, member))
    .find((said): said is string => typeof said === "string" && said !== "")
}
