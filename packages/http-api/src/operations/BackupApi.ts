/** `/_plugins/_drawbar/backup`: a copy of all records, for `drawbar restore`. */
import { Schema } from "effect"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as EndpointPolicy from "@drawbar/http-server/access/EndpointPolicy"
import { failures } from "../errors/ErrorEnvelope.ts"

export const contentType = "application/vnd.sqlite3"

export class BackupApi extends HttpApiGroup.make("backup").add(
  HttpApiEndpoint.get("download", "/_plugins/_drawbar/backup", {
    disableCodecs: true,
    error: failures,
    /** An SQLite database. Credentials in it are sealed, and the key ring, which opens them, is not part of it. */
    success: Schema.Uint8Array.pipe(HttpApiSchema.asUint8Array({ contentType })),
  }).annotateMerge(EndpointPolicy.operateFile),
) {}
