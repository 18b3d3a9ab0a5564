import { StoreBackup } from "@drawbar/document-store/StoreBackup"
import * as Endpoint from "@drawbar/http-server/http/Endpoint"
import { FileBody } from "@drawbar/http-server/http/FileBody"
import { EndpointNotSupported, RequestError } from "@drawbar/http-server/http/RequestError"
import { Effect, Option } from "effect"
import * as OpenSearchError from "../errors/OpenSearchError.ts"
import { BackupApi, contentType } from "./BackupApi.ts"

export const make = Effect.gen(function* () {
  const backup = yield* Effect.serviceOption(StoreBackup)
  return Endpoint.serve(OpenSearchError.face, BackupApi, {
    download: () =>
      Option.match(backup, {
        onNone: () => Effect.fail(notHere),
        onSome: ({ copy }) => Effect.succeed(new FileBody(copy, contentType, "drawbar.db")),
      }),
  })
})

const notHere = RequestError.from(
  new EndpointNotSupported({
    message:
      "The records of this server are not in a file of its own. Back them up with the tools of their database, such as pg_dump.",
  }),
)
