/** The client of the API, made from its contracts. A contract is loaded with the first call of its group. */
import { Effect } from "effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiClient from "effect/http-api/HttpApiClient"
import type * as HttpApiGroup from "effect/http-api/HttpApiGroup"

const contracts = {
  aliases: async () => (await import("@drawbar/http-api/records/AliasesApi")).AliasesApi,
  backup: async () => (await import("@drawbar/http-api/operations/BackupApi")).BackupApi,
  cluster: async () => (await import("@drawbar/http-api/operations/ClusterApi")).ClusterApi,
  connectors: async () => (await import("@drawbar/http-api/records/ConnectorsApi")).ConnectorsApi,
  controllers: async () => (await import("@drawbar/http-api/records/ControllersApi")).ControllersApi,
  health: async () => (await import("@drawbar/http-api/operations/HealthApi")).HealthApi,
  keys: async () => (await import("@drawbar/http-api/operations/KeysApi")).KeysApi,
  modelGroups: async () => (await import("@drawbar/http-api/records/ModelGroupsApi")).ModelGroupsApi,
  models: async () => (await import("@drawbar/http-api/records/ModelsApi")).ModelsApi,
  predictions: async () => (await import("@drawbar/http-api/predictions/PredictionsApi")).PredictionsApi,
  principals: async () => (await import("@drawbar/http-api/operations/PrincipalsApi")).PrincipalsApi,
  stats: async () => (await import("@drawbar/http-api/operations/StatsApi")).StatsApi,
  tasks: async () => (await import("@drawbar/http-api/records/TasksApi")).TasksApi,
  usage: async () => (await import("@drawbar/http-api/operations/UsageApi")).UsageApi,
  versions: async () => (await import("@drawbar/http-api/records/VersionsApi")).VersionsApi,
}

type Contracts = typeof contracts
type ContractOf<Group extends keyof Contracts> = Awaited<ReturnType<Contracts[Group]>>
export type ApiClient = {
  readonly [Group in keyof Contracts]: HttpApiClient.Client.Group<ContractOf<Group>, never, never>
}

interface Options {
  readonly baseUrl: string
  readonly httpClient: HttpClient.HttpClient
}

type Call = (request: unknown) => Effect.Effect<unknown, unknown, unknown>

export const make = (options: Options): ApiClient =>
  // Each member has the type of its contract, which a proxy cannot have by itself.
  Object.fromEntries(
    Object.entries(contracts).map(([group, load]) => [
      group,
      new Proxy(
        {},
        {
          get:
            (_, endpoint): Call =>
            (request) =>
              Effect.flatMap(find(load, group, String(endpoint), options), (call) => call(request)),
        },
      ),
    ]),
  ) as unknown as ApiClient

const find = (
  load: () => Promise<HttpApiGroup.Constraint>,
  group: string,
  endpoint: string,
  options: Options,
): Effect.Effect<Call> =>
  Effect.flatMap(Effect.promise(load), (contract) => {
    const found: Effect.Effect<unknown> = HttpApiClient.endpoint(HttpApi.make("drawbar").add(contract), {
      group,
      endpoint,
      ...options,
    } as never)
    return found as Effect.Effect<Call>
  })
