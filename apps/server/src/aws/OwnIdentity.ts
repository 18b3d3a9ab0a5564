/** The server's own AWS identity, and what connectors may use it for. */
import { AwsIdentity } from "@drawbar/connector-runtime/auth/AwsIdentity"
import { Effect, Layer } from "effect"
import { OperatorHttpClient } from "../secrets/OperatorHttpClient.ts"
import * as Chain from "./Chain.ts"
import type { AwsEnvironment } from "./AwsEnvironment.ts"

export interface Options {
  readonly credentials: Chain.Choice
  readonly environment: AwsEnvironment["environment"]
  /** The services that connectors may sign for as this server; none by default. */
  readonly signFor?: ReadonlyArray<string>
  /** The roles that connectors may assume; by default all that AWS permits. */
  readonly roles?: ReadonlyArray<string> | undefined
}

export const layer = ({ credentials, environment, signFor = [], roles }: Options) =>
  Layer.effect(
    AwsIdentity,
    Effect.gen(function* () {
      const keys = yield* Chain.make(credentials, { environment, httpClient: yield* OperatorHttpClient })
      // Checks the identity at startup, so that the operator sees a problem before the first predict. A failure is only
      // logged, because it may be temporary.
      yield* Effect.forkScoped(Effect.ignore(Effect.tapError(keys, ({ message }) => Effect.logWarning(message))))
      return { keys, lentFor: new Set(signFor), roles }
    }),
  )
