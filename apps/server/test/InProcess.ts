/** The server in this process, on a free loopback port; with a memory store by default. */
import { Effect, Exit, Scope } from "effect"
import * as Server from "../src/Server.ts"
import type { StartOptions } from "../src/options/StartOptions.ts"

export interface InProcess extends AsyncDisposable {
  readonly url: string
  readonly port: number
}

/** Starts it; `await using` stops it. */
export const listen = async (options: Partial<StartOptions> = {}): Promise<InProcess> => {
  const scope = Effect.runSync(Scope.make())
  const { url, address } = await Effect.runPromise(
    Server.listen({ host: "127.0.0.1", port: 0, ...options }).pipe(Scope.provide(scope)),
  )
  return { url, port: address.port, [Symbol.asyncDispose]: () => Effect.runPromise(Scope.close(scope, Exit.void)) }
}
