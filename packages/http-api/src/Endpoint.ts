/** One endpoint that is served: its contract, and the handler that answers by it. */
import * as Decode from "@drawbar/blueprint-schema/Decode"
import * as Json from "@drawbar/blueprint-schema/Json"
import { Context, Effect, Result, type Schema } from "effect"
import * as HttpApi from "effect/http-api/HttpApi"
import type * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import type * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import type { JsonText, PlainText } from "./Answer.ts"
import type { EventStream } from "./EventStream.ts"
import type { ApiError } from "./OpenSearchError.ts"
import * as Permission from "./Permission.ts"
import * as RequestBody from "./RequestBody.ts"
import { because, BodyMissing, BodyUnreadable, type RequestError } from "./RequestError.ts"

type OrNothing<S extends Schema.Constraint> = [S] extends [never] ? {} : S["Type"]

/** What a handler is given. `json` is the body as it was sent, `payload` the part of it that the contract knows. */
export interface Request<E extends HttpApiEndpoint.ConstraintRequest> {
  readonly params: OrNothing<E["~Params"]>
  readonly query: OrNothing<E["~Query"]>
  readonly payload: OrNothing<E["~Payload"]>
  readonly json: Json.JsonObject
  /** The name that the caller gives himself by Basic credentials. */
  readonly user: string | undefined
  /** All that a handler gets of the body where the contract says `RequestBody.AsText`. */
  readonly text: string
}

export type Handler<E> = E extends HttpApiEndpoint.ConstraintRequest
  ? (request: Request<E>) => Effect.Effect<E["~Success"]["Type"] | JsonText | PlainText | EventStream, ApiError>
  : never

/** A handler for every endpoint of a group, no fewer and no more. */
export type Handlers<G extends HttpApiGroup.Constraint> = {
  readonly [Id in keyof G["endpoints"]]: Handler<G["endpoints"][Id]>
}

/** A request whose path and query were read, and whose body is text still. */
export interface Arrived {
  readonly params: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string>>
  readonly text: string
  readonly user: string | undefined
}

export interface Endpoint {
  readonly method: string
  readonly path: string
  readonly queryNames: ReadonlyArray<string>
  /** What who asks it has to be allowed; nothing where everybody may. */
  readonly needs: Permission.Kind | undefined
  readonly answer: (arrived: Arrived) => Effect.Effect<unknown, ApiError>
}

/** The endpoints of a group with their handlers. */
export const serve = <G extends HttpApiGroup.Constraint>(group: G, handlers: Handlers<G>): ReadonlyArray<Endpoint> => {
  const endpoints: Array<Endpoint> = []
  HttpApi.reflect(HttpApi.make("served").add(group), {
    onGroup: () => {},
    onEndpoint: ({ endpoint }) => endpoints.push(toEndpoint(endpoint, handlerOf(handlers, endpoint.identifier))),
  })
  return endpoints
}

type Decoder = (value: unknown) => Result.Result<object, ApiError>
type AnyHandler = (request: object) => Effect.Effect<unknown, ApiError>

// The border of the types: `Handlers` has tied each handler to this very contract, whose schemas need no services.
const handlerOf = (handlers: object, name: string): AnyHandler => Reflect.get(handlers, name)
const decoderOf = (schema: Schema.Top): Decoder =>
  Decode.decode(schema as Schema.Top & Schema.ConstraintDecoder<object>)

const nothing: Decoder = () => Result.succeed({})

const toEndpoint = (contract: HttpApiEndpoint.Top, handler: AnyHandler): Endpoint => {
  const payload = contract.payload.get("application/json")?.schemas[0]
  const readQuery = contract.query === undefined ? nothing : decoderOf(contract.query)
  const readPayload = payload === undefined ? nothing : decoderOf(payload)
  const asText = Context.get(contract.annotations, RequestBody.AsText)
  const required = Context.get(contract.annotations, RequestBody.Required)
  return {
    method: contract.method,
    path: contract.path,
    needs: Permission.needed(contract),
    queryNames:
      contract.query !== undefined && "fields" in contract.query ? Object.keys(Object(contract.query.fields)) : [],
    answer: ({ params, query: given, text, user }) => {
      if (text === "" && required !== undefined) return Effect.fail(because(new BodyMissing({ message: required })))
      const query = readQuery(given)
      if (Result.isFailure(query)) return Effect.fail(query.failure)
      if (asText) return handler({ params, query: query.success, text, user })
      const json = text === "" ? Result.succeed({}) : readObject(text)
      const payload = Result.flatMap(json, readPayload)
      return Result.isSuccess(json) && Result.isSuccess(payload)
        ? handler({ params, query: query.success, payload: payload.success, json: json.success, text, user })
        : Effect.fromResult(payload)
    },
  }
}

/** The JSON object in a text; what is wrong is said with line and column. */
export const readObject = (text: string): Result.Result<Json.JsonObject, RequestError> =>
  Result.flatMap(Result.mapError(Json.parse(text), unreadable), (json) =>
    Json.isObject(json)
      ? Result.succeed(json)
      : Result.fail(unreadable({ message: "Expected an object", line: 1, column: 1 })),
  )

/** Where a text stops being JSON. */
export const unreadable = ({
  message,
  line,
  column,
}: Pick<Json.JsonError, "message" | "line" | "column">): RequestError =>
  because(new BodyUnreadable({ message: `${message} at line ${line}, column ${column} of the request body` }))
