/** Which server a command calls, and with which credentials. */
import { readFileSync } from "node:fs"
import process from "node:process"
import * as tls from "node:tls"
import { Effect, Option } from "effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import { failed, wrongUse } from "../Failure.ts"
import * as Root from "../Root.ts"
import * as ContextFile from "./ContextFile.ts"
import * as FileFailure from "@drawbar/server/options/FileFailure"

export interface Connection {
  readonly url: string
  /** What decided the URL: a flag, a variable, a context or the default. */
  readonly chosenBy: string
  /** The context that provides the credentials or the authority, if one does. */
  readonly context: string | undefined
  readonly credentials: Credentials | undefined
  readonly caFile: string | undefined
}

export interface Credentials {
  /** What the credentials come from, for messages. */
  readonly from: string
  readonly add: (request: HttpClientRequest.HttpClientRequest) => HttpClientRequest.HttpClientRequest
}

const defaultUrl = "http://127.0.0.1:9200"

export const find = Effect.gen(function* () {
  const { server, context: named } = yield* Root.command
  const stored = yield* ContextFile.read
  const variable = process.env["DRAWBAR_CONTEXT"] || undefined
  const name = Option.getOrUndefined(named) ?? variable ?? stored.current
  const context = name === undefined ? undefined : stored.contexts[name]
  if (name !== undefined && context === undefined && name !== stored.current)
    return yield* wrongUse(`context ${name} not found. \`drawbar context list\` shows the contexts`)

  const [url, chosenBy] = Option.isSome(server)
    ? [server.value, "--url"]
    : Option.isSome(named) && context !== undefined
      ? [context.url, `context ${named.value}`]
      : process.env["DRAWBAR_URL"]
        ? [process.env["DRAWBAR_URL"], "DRAWBAR_URL"]
        : context !== undefined
          ? [context.url, `context ${name}`]
          : [defaultUrl, "the default"]
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url))
    return yield* wrongUse(`${chosenBy} ${url} is not a valid URL; use the form ${defaultUrl}`)

  // Credentials are sent to the server for which they were stored, and to no other.
  const own = context !== undefined && new URL(context.url).origin === new URL(url).origin ? context : undefined
  const key = process.env["DRAWBAR_API_KEY"]
  const credentials =
    key && !(Option.isSome(named) && own !== undefined)
      ? { from: "DRAWBAR_API_KEY", add: HttpClientRequest.bearerToken(key) }
      : own === undefined
        ? undefined
        : ofContext(own, `context ${name}`)
  const connection: Connection = {
    url: url.replace(/\/+$/, ""),
    chosenBy,
    context: own === undefined ? undefined : name,
    credentials,
    caFile: own?.ca_file,
  }
  return connection
})

/** The credentials that a context has, if any. */
export const ofContext = ({ key, user, password }: ContextFile.Context, from: string): Credentials | undefined => {
  if (key !== undefined) return { from, add: HttpClientRequest.bearerToken(key) }
  return user === undefined ? undefined : { from, add: HttpClientRequest.basicAuth(user, password ?? "") }
}

/** Adds the credentials of a connection to each request. */
export const authenticated =
  ({ credentials }: Pick<Connection, "credentials">) =>
  (client: HttpClient.HttpClient): HttpClient.HttpClient =>
    credentials === undefined ? client : HttpClient.mapRequest(client, credentials.add)

/** Trusts the authority of a connection for all of this process, beside the system's. */
export const trustAuthority = ({ caFile }: Pick<Connection, "caFile">) =>
  caFile === undefined
    ? Effect.void
    : Effect.try({
        try: () => tls.setDefaultCACertificates([...tls.getCACertificates("default"), readFileSync(caFile, "utf8")]),
        catch: (cause) => failed(`cannot use the authority ${caFile}: ${FileFailure.reasonOf(cause)}`),
      }).pipe(Effect.catch((failure) => failure))
