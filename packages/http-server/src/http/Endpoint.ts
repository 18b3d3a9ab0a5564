/** One endpoint that is served: its contract, and the handler that answers by it. */
import * as Decode from "@drawbar/json-text/Decode"
import type { DecodeError } from "@drawbar/json-text/DecodeError"
import * as Json from "@drawbar/json-text/Json"
import { Context, Effect, Result, type Schema } from "effect"
import * as HttpApi from "effect/http-api/HttpApi"
import type * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import type * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import { type ApiFace, erased, type ServerFailure } from "./ApiFace.ts"
import type { RequestCall } from "./RequestContext.ts"
import type { JsonText, PlainText, WithHeaders } from "./ResponseBody.ts"
import type { EventStream } from "./EventStream.ts"
import type { FileBody } from "./FileBody.ts"
import { Flag } from "./Flag.ts"
import * as EndpointPolicy from "../access/EndpointPolicy.ts"
import * as OriginCheck from "./OriginCheck.ts"
import * as RequestBody from "./RequestBody.ts"
import { BadParameter, BodyMissing, InvalidJson, RequestError } from "./RequestError.ts"

type OrNothing<S extends Schema.Constraint> = [S] extends [never] ? {} : S["Type"]

/** What a handler is given. `json` is the body as it was sent, `payload` the part of it that the contract knows. */
export interface Request<E extends HttpApiEndpoint.ConstraintRequest> {
  readonly params: OrNothing<E["~Params"]>
  readonly query: OrNothing<E["~Query"]>
  readonly payload: OrNothing<E["~Payload"]>
  readonly json: Json.JsonObject
  readonly call: RequestCall
  /** All that a handler gets of the body where the contract says `RequestBody.AsText`. */
  readonly text: string
}

export type Handler<Contract, E> = Contract extends HttpApiEndpoint.ConstraintRequest
  ? (
      request: Request<Contract>,
    ) => Effect.Effect<
      | Contract["~Success"]["Type"]
      | WithHeaders<Contract["~Success"]["Type"] | JsonText>
      | JsonText
      | PlainText
      | FileBody<E>
      | EventStream<E>,
      E
    >
  : never

/** A handler for every endpoint of a group, no fewer and no more. */
export type Handlers<G extends HttpApiGroup.Constraint, E> = {
  readonly [Id in keyof G["endpoints"]]: Handler<G["endpoints"][Id], E>
}

/** A request whose path and query were read, and whose body is text still. */
export interface Arrived {
  readonly params: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string>>
  readonly text: string
  readonly call: RequestCall
}

export interface Endpoint extends EndpointPolicy.Declared {
  readonly method: string
  readonly path: string
  readonly queryNames: ReadonlyArray<string>
  /** Whether it is served under any name of this machine, to any origin. */
  readonly anyOrigin: boolean
  readonly face: ApiFace<unknown>
  /** Fails with what the face describes. */
  readonly answer: (arrived: Arrived) => Effect.Effect<unknown, unknown>
  /** What is wrong with a body by itself, before the names of the query are looked at. */
  readonly bodyFault: (text: string) => unknown
}

/** The endpoints of a group with their handlers and the face of their API. */
export const serve = <G extends HttpApiGroup.Constraint, E>(
  face: ApiFace<E | ServerFailure | DecodeError>,
  group: G,
  handlers: Handlers<G, E | ServerFailure | DecodeError>,
): ReadonlyArray<Endpoint> => {
  const endpoints: Array<Endpoint> = []
  HttpApi.reflect(HttpApi.make("served").add(group), {
    onGroup: () => {},
    onEndpoint: ({ endpoint }) =>
      endpoints.push(toEndpoint(erased(face), endpoint, handlerOf(handlers, endpoint.identifier))),
  })
  return endpoints
}

type Decoder = (value: unknown) => Result.Result<object, DecodeError>
type AnyHandler = (request: object) => Effect.Effect<unknown, unknown>

// The border of the types: `serve` has tied each handler to this very contract, whose schemas need no services.
const handlerOf = (handlers: object, name: string): AnyHandler => Reflect.get(handlers, name)
const decoderOf = (schema: Schema.Top): Decoder =>
  Decode.decode(schema as Schema.Top & Schema.ConstraintDecoder<object>)

const nothing: Decoder = () => Result.succeed({})

const toEndpoint = (face: ApiFace<unknown>, contract: HttpApiEndpoint.Top, handler: AnyHandler): Endpoint => {
  const payload = contract.payload.get("application/json")?.schemas[0]
  const readQuery = contract.query === undefined ? nothing : decoderOf(contract.query)
  let withoutQuery: ReturnType<Decoder> | undefined
  const readPayload = payload === undefined ? nothing : decoderOf(payload)
  const fields: object = contract.query !== undefined && "fields" in contract.query ? Object(contract.query.fields) : {}
  const flags = Object.entries(fields).flatMap(([name, schema]) => (schema === Flag ? [name] : []))
  const asText = Context.get(contract.annotations, RequestBody.AsText)
  const required = Context.get(contract.annotations, RequestBody.Required)
  return {
    face,
    method: contract.method,
    path: contract.path,
    ...EndpointPolicy.of(contract),
    anyOrigin: Context.get(contract.annotations, OriginCheck.AnyOrigin),
    queryNames: Object.keys(fields),
    bodyFault: (text) => {
      if (text === "")
        return required === undefined ? undefined : RequestError.from(new BodyMissing({ message: required }))
      if (asText) return undefined
      const payload = Result.flatMap(readObject(text), readPayload)
      return Result.isFailure(payload) ? payload.failure : undefined
    },
    answer: ({ params, query: given, text, call }) => {
      if (text === "" && required !== undefined)
        return Effect.fail(RequestError.from(new BodyMissing({ message: required })))
      const odd = flags.map((name) => given[name]).find((value) => value !== undefined && !isFlag(value))
      if (odd !== undefined) return Effect.fail(RequestError.from(new BadParameter({ message: notFlag(odd) })))
      const query = Object.keys(given).length === 0 ? (withoutQuery ??= readQuery({})) : readQuery(given)
      if (Result.isFailure(query)) return Effect.fail(query.failure)
      if (asText) return handler({ params, query: query.success, text, call })
      const json = text === "" ? Result.succeed({}) : readObject(text)
      const payload = Result.flatMap(json, readPayload)
      return Result.isSuccess(json) && Result.isSuccess(payload)
        ? handler({ params, query: query.success, payload: payload.success, json: json.success, text, call })
        : Effect.fromResult(payload)
    },
  }
}

const isFlag = (value: string) => value === "true" || value === "false"
const notFlag = (value: string) => `Failed to parse value [${value}] as only [true] or [false] are allowed.`

/** The JSON object in a text; what is wrong is said with line and column. */
export const readObject = (text: string): Result.Result<Json.JsonObject, RequestError> =>
  Result.flatMap(Result.mapError(Json.parseUnique(text), unreadable), (json) =>
    Json.isObject(json) ? Result.succeed(json) : Result.fail(notObject(json)),
  )

/** What a body is that should have been an object, by the names that OpenSearch's parser has for tokens. */
export const notObject = (value: Json.Json): RequestError =>
  RequestError.from(
    new InvalidJson({
      message: `Failed to parse object: expecting token of type [START_OBJECT] but found [${tokenOf(value)}]. Send the body as a JSON object: {…}`,
      type: "parsing_exception",
    }),
  )

const tokenOf = (value: Json.Json): string => {
  if (value === null) return "VALUE_NULL"
  if (Array.isArray(value)) return "START_ARRAY"
  return typeof value === "string" ? "VALUE_STRING" : typeof value === "boolean" ? "VALUE_BOOLEAN" : "VALUE_NUMBER"
}

/** Where a text stops being JSON. */
export const unreadable = ({
  message,
  line,
  column,
  excerpt,
}: Pick<Json.JsonError, "message" | "line" | "column" | "excerpt">): RequestError =>
  RequestError.from(
    new InvalidJson({
      message: `${message} at line ${line}, column ${column} of the request body${excerpt === "^" ? "" : `. Correct it at ^: ${excerpt}`}`,
    }),
  )
