/** The server's own identity with AWS, and for what it is lent. */
import { AwsIdentity } from "@drawbar/connector-runtime/auth/AwsIdentity"
import { Effect, Layer } from "effect"
import { OperatorHttpClient } from "../secrets/OperatorHttpClient.ts"
import * as Chain from "./Chain.ts"
import type { AwsEnvironment } from "./AwsEnvironment.ts"

export interface Options {
  readonly credentials: Chain.Choice
  readonly environment: AwsEnvironment["environment"]
  /** The services that connectors may sign for as this server; none if absent. */
  readonly signFor?: ReadonlyArray<string>
  /** The roles that connectors may take on; all that AWS gives if absent. */
  readonly roles?: ReadonlyArray<string> | undefined
}

export const layer = ({ credentials, environment, signFor = [], roles }: Options) =>
  Layer.effect(
    AwsIdentity,
    Effect.gen(function* () {
      const keys = yield* Chain.make(credentials, { environment, door: yield* OperatorHttpClient })
      // Whoever starts it wants to know now, not from the first predict; and by then it may be otherwise.
      yield* Effect.forkScoped(Effect.ignore(Effect.tapError(keys, ({ message }) => Effect.logWarning(message))))
      return { keys, lentFor: new Set(signFor), roles }
    }),
  )
