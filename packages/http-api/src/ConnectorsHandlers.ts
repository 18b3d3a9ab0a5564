import * as Lint from "@drawbar/blueprint-lint/Lint"
import * as Blueprint from "@drawbar/blueprint-schema/Blueprint"
import { EgressPolicy } from "@drawbar/connector-runtime/EgressPolicy"
import { ConnectorAdmission } from "@drawbar/deployments/ConnectorAdmission"
import { Connectors } from "@drawbar/registry/Connectors"
import { Effect } from "effect"
import { ConnectorsApi } from "./ConnectorsApi.ts"
import * as CredentialKeys from "./CredentialKeys.ts"
import * as Endpoint from "./Endpoint.ts"
import * as LintHost from "./LintHost.ts"
import * as SearchHandler from "./SearchHandler.ts"
import * as WriteResult from "./WriteResult.ts"

export const make = Effect.gen(function* () {
  const connectors = yield* Connectors
  const { admit } = yield* ConnectorAdmission
  const policies = yield* EgressPolicy
  const host = LintHost.make(policies.current)
  return Endpoint.serve(ConnectorsApi, {
    create: Effect.fnUntraced(function* ({ payload, text }) {
      const blueprint = yield* Effect.fromResult(Blueprint.check(payload))
      yield* admit(blueprint)
      if (payload.dry_run === true) {
        const findings = Lint.text(text, host).filter(({ severity }) => severity !== "info")
        return { connector_id: "dryRunConnector", ...(findings.length === 0 ? {} : { findings }) }
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
    get: ({ params }) => Effect.map(connectors.get(params.connector_id), CredentialKeys.ofConnector),
    update: Effect.fnUntraced(function* ({ params, payload }) {
      const change = yield* Effect.fromResult(Blueprint.checkChange(payload))
      const written = yield* connectors.update(params.connector_id, change, { access: payload, verify: admit })
      return WriteResult.updated("connector", written)
    }),
    delete: ({ params: { connector_id } }) =>
      Effect.map(connectors.delete(connector_id), (removed) => WriteResult.deleted("connector", connector_id, removed)),
    ...SearchHandler.handlers("connector", connectors.search),
  })
})
