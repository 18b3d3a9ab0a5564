import * as Lint from "@drawbar/blueprint-lint/Lint"
import * as Blueprint from "@drawbar/blueprint-schema/Blueprint"
import { EgressPolicy } from "@drawbar/egress/EgressPolicy"
import { ConnectorValidation } from "@drawbar/deployments/connectors/ConnectorValidation"
import { Connectors } from "@drawbar/registry/records/Connectors"
import { WithHeaders } from "@drawbar/http-server/http/ResponseBody"
import * as RecordBounds from "@drawbar/registry/records/RecordBounds"
import { Effect, Result } from "effect"
import { ConnectorsApi } from "./ConnectorsApi.ts"
import * as CredentialKeys from "./CredentialKeys.ts"
import * as Endpoint from "@drawbar/http-server/http/Endpoint"
import * as ServerLintEnvironment from "./ServerLintEnvironment.ts"
import * as SearchHandler from "./SearchHandler.ts"
import * as WarningHeader from "../routes/WarningHeader.ts"
import * as IfSeqNo from "./IfSeqNo.ts"
import * as WriteResult from "./WriteResult.ts"
import * as OpenSearchError from "../errors/OpenSearchError.ts"

/** Looked at before the blueprint is compiled, which costs much more. */
const within = (blueprint: Blueprint.Blueprint) => Result.map(RecordBounds.blueprint(blueprint), () => blueprint)

/** `version` is Drawbar's own. */
export const make = Effect.fnUntraced(function* (version: string) {
  const connectors = yield* Connectors
  const { admit } = yield* ConnectorValidation
  const policies = yield* EgressPolicy
  const host = ServerLintEnvironment.make(policies.current)
  return Endpoint.serve(OpenSearchError.face, ConnectorsApi, {
    create: Effect.fnUntraced(function* ({ payload, text }) {
      const blueprint = yield* Effect.fromResult(Result.flatMap(Blueprint.check(payload), within))
      yield* admit(blueprint)
      if (payload.dry_run === true) {
        const findings = Lint.text(text, host).filter(({ severity }) => severity !== "info")
        const texts = findings.map(({ code, pointer, message }) => `${code} at ${pointer}: ${message}`)
        return new WithHeaders({ connector_id: "dryRunConnector" }, WarningHeader.of(version, texts))
      }
      return {
        connector_id: yield* connectors.create(blueprint, { id: payload.connector_id ?? null, access: payload }),
      }
    }),
    validate: ({ text }) =>
      Effect.sync(() => {
        const findings = Lint.text(text, host)
        return { valid: !Lint.hasErrors(findings), findings }
      }),
    get: ({ params, query }) =>
      Effect.map(
        connectors.get(params.connector_id),
        (document) =>
          new WithHeaders(
            query.drawbar === "true" ? CredentialKeys.ofConnector(document) : document.source,
            IfSeqNo.headers(document),
          ),
      ),
    update: Effect.fnUntraced(function* ({ params, payload, query }) {
      const condition = yield* IfSeqNo.read(query)
      const change = yield* Effect.fromResult(Blueprint.checkChange(payload))
      const written = yield* connectors.update(params.connector_id, change, {
        access: payload,
        verify: admit,
        condition,
      })
      return WriteResult.updated("connector", written)
    }),
    delete: ({ params: { connector_id } }) =>
      Effect.map(connectors.delete(connector_id), (removed) => WriteResult.deleted("connector", connector_id, removed)),
    ...SearchHandler.handlers("connector", connectors.search),
  })
})
