import { randomUUID } from "node:crypto"
import { hostname } from "node:os"
import process from "node:process"
import { DocumentStore } from "@drawbar/document-store/DocumentStore"
import * as Endpoint from "@drawbar/http-server/http/Endpoint"
import { decode } from "@drawbar/json-text/Decode"
import * as Json from "@drawbar/json-text/Json"
import { Clock, Effect, Result, Struct } from "effect"
import * as OpenSearchError from "../errors/OpenSearchError.ts"
import { Replica, ReplicasApi } from "./ReplicasApi.ts"

export interface Options {
  /** Drawbar's own. */
  readonly version: string
  /** Host and port, once the server listens on one address. */
  readonly address: () => string | undefined
}

/** How often this server says that it is alive: three times before it counts as ended. */
const beatInterval = "5 seconds"

/** What a server says of itself. */
const About = Replica.mapFields(Struct.omit(["id", "last_seen_time", "self"]))

export const make = Effect.fnUntraced(function* ({ version, address }: Options) {
  const { followed } = yield* DocumentStore
  const id = randomUUID()
  const started = yield* Clock.currentTimeMillis
  const about = (): typeof About.Type => {
    const listens = address()
    return {
      host: hostname(),
      pid: process.pid,
      version,
      ...(listens === undefined ? {} : { address: listens }),
      started_time: started,
    }
  }
  if (followed !== undefined) {
    const beat = Effect.suspend(() => followed.replicas.beat({ id, about: JSON.stringify(about()) }))
    // While the database is away there is no one to tell.
    yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.ignore(beat), Effect.sleep(beatInterval))))
    yield* Effect.addFinalizer(() => Effect.ignore(followed.replicas.leave(id)))
  }

  const self = Effect.map(Clock.currentTimeMillis, (now) => ({ id, ...about(), last_seen_time: now, self: true }))
  return Endpoint.serve(OpenSearchError.face, ReplicasApi, {
    list: Effect.fnUntraced(function* () {
      const others = (followed === undefined ? [] : yield* followed.replicas.all).filter((other) => other.id !== id)
      const replicas = others.flatMap((other) =>
        Result.match(Result.flatMap(Json.parse(other.about), decode(About)), {
          // Of a version that says it in another way.
          onFailure: () => [],
          onSuccess: (said) => [{ id: other.id, ...said, last_seen_time: other.seenAt, self: false }],
        }),
      )
      return { replicas: [yield* self, ...replicas] }
    }),
  })
})
