/** What each contract declares: the permission that it requires and how its requests are admitted. */
import { Context } from "effect"
import * as HttpApi from "effect/http-api/HttpApi"
import type * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as Admission from "../admission/Admission.ts"
import * as Permission from "./Permission.ts"

/** For `HttpApiEndpoint.annotateMerge`. */
export type EndpointPolicy = Context.Context<never>

const make = (requires: Permission.Requirement, admission: Admission.Admission): EndpointPolicy =>
  Context.add(Context.make(Permission.Requires, requires), Admission.Admission, admission)

/** Open to every caller, and still admitted when the server is overloaded. */
export const open = make("none", Admission.operator)
/** Shows callers what the server knows of them. */
export const identity = make("identity", Admission.record)
export const read = make("read", Admission.record)
/** Shows the request of a predict and calls no upstream. */
export const dryRun = make("read", Admission.dryRun)
export const predict = make("predict", Admission.predict)
/** Shows which models can be called to those who may call them. */
export const callable = make("predict", Admission.record)
export const write = make("write", Admission.record)
/** Calls an upstream with the secrets of a record. */
export const test = make("write", Admission.predict)
export const operate = make("operate", Admission.operator)
/** As `operate`, with a file as its response. */
export const operateFile = make("operate", Admission.file)

/** As `Permission.Requires` and `Admission`, once both are known to be there. */
export interface Declared {
  /** `undefined` where none is required. */
  readonly needs: Permission.Kind | undefined
  readonly admission: Admission.Admission
}

/** What the annotations of an endpoint declare. Throws where one is missing: such an endpoint must not be served. */
export const of = ({ method, path, annotations }: Annotated): Declared => {
  const requires = Context.get(annotations, Permission.Requires)
  const admission = Context.get(annotations, Admission.Admission)
  if (requires === undefined || admission === undefined)
    throw new Error(
      `The contract of ${method} ${path} has no ${requires === undefined ? "Permission.Requires" : "Admission"}: add .annotateMerge(EndpointPolicy.…) to it.`,
    )
  return { needs: requires === "none" ? undefined : requires, admission }
}

interface Annotated {
  readonly method: string
  readonly path: string
  readonly annotations: Context.Context<never>
}

/** The permission of each operation of an API, by the id that an OpenAPI document gives it; none for those that every caller may send. */
export const permissionsOf = <Id extends string, Groups extends HttpApiGroup.Constraint>(
  api: HttpApi.HttpApi<Id, Groups>,
): ReadonlyMap<string, Permission.Kind | undefined> => {
  const found = new Map<string, Permission.Kind | undefined>()
  HttpApi.reflect(api, {
    onGroup: () => {},
    onEndpoint: ({ group, endpoint }) => found.set(`${group.identifier}.${endpoint.identifier}`, of(endpoint).needs),
  })
  return found
}
