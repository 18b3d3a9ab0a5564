/** Doors of the operator's own: he names the one origin that each leads to, which may be within his network. */
import { isIP } from "node:net"
import * as ClientConfig from "@drawbar/blueprint-schema/ClientConfig"
import { Egress, type EgressRequest, type Limits } from "@drawbar/connector-runtime/Egress"
import * as EgressPolicy from "@drawbar/connector-runtime/EgressPolicy"
import * as IpAddress from "@drawbar/connector-runtime/IpAddress"
import { Resolver } from "@drawbar/connector-runtime/Resolver"
import { Context, Effect, Layer } from "effect"

export const to = Effect.fnUntraced(function* (origin: string, certificateAuthorities: ReadonlyArray<string>) {
  const trusted = [`^${origin.replaceAll(/[.[\]]/g, "\\$&")}/.*$`]
  const policy = yield* Effect.fromResult(EgressPolicy.make({ trustedEndpoints: trusted, privateAddresses: true }))
  const services = yield* Layer.build(
    Egress.layer({ certificateAuthorities }).pipe(
      Layer.provide(EgressPolicy.EgressPolicy.layer(policy)),
      Layer.provide(ownAddresses),
    ),
  )
  return yield* Context.get(services, Egress).open({ origin, config: ClientConfig.defaults })
})

/**
 * An address that he writes himself is where he means it to lead, be it of this machine, of the network, or the metadata service of
 * a cloud; no proxy stands before it. What a name leads to is checked as ever.
 */
const ownAddresses = Layer.effect(
  Resolver,
  Effect.map(Resolver, (below) => ({
    resolve: (host: string, port: number) =>
      Effect.map(below.resolve(host, port), (found) =>
        isIP(host) === 0 || found.trusted || IpAddress.reach(host) === "public"
          ? found
          : { addresses: [host] as const, port, trusted: true },
      ),
  })),
)

/** Sends one request through a door that closes behind it. */
export const once = (certificateAuthorities: ReadonlyArray<string>) =>
  Effect.map(Effect.context<Resolver>(), (services) => ({
    send: (request: EgressRequest, limits: Limits) =>
      to(new URL(request.url).origin, certificateAuthorities).pipe(
        Effect.flatMap((pool) => pool.send(request, limits)),
        Effect.scoped,
        Effect.provideContext(services),
      ),
  }))

export type Once = Effect.Success<ReturnType<typeof once>>
