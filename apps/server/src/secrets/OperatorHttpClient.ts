/** The HTTP client for origins that the operator configures, which may be inside the private network. */
import { isIP } from "node:net"
import { Egress } from "@drawbar/egress/Egress"
import type { EgressError } from "@drawbar/egress/EgressError"
import type { EgressPool, EgressRequest, Limits, EgressResponse } from "@drawbar/egress/EgressPool"
import * as EgressPolicy from "@drawbar/egress/EgressPolicy"
import * as IpAddress from "@drawbar/egress/IpAddress"
import { Resolver } from "@drawbar/egress/Resolver"
import { Context, Effect, Layer, type Scope } from "effect"

export class OperatorHttpClient extends Context.Service<
  OperatorHttpClient,
  {
    /** Connections to an origin; they close with the scope. */
    readonly open: (origin: string) => Effect.Effect<EgressPool, EgressError | EgressPolicy.InvalidPolicy, Scope.Scope>
    /** Sends one request and closes its connections. */
    readonly send: (
      request: EgressRequest,
      limits: Limits,
    ) => Effect.Effect<EgressResponse, EgressError | EgressPolicy.InvalidPolicy>
  }
>()("@drawbar/server/Door") {
  /** `certificateAuthorities` are PEM texts of authorities to trust in addition to the system's. */
  static readonly layer = (certificateAuthorities: ReadonlyArray<string>) =>
    Layer.effect(
      OperatorHttpClient,
      Effect.map(Effect.context<Resolver>(), (services) => {
        const open: OperatorHttpClient["Service"]["open"] = (origin) =>
          Effect.provideContext(opened(origin, certificateAuthorities), services)
        return {
          open,
          send: (request, limits) =>
            Effect.scoped(Effect.flatMap(open(new URL(request.url).origin), (pool) => pool.send(request, limits))),
        }
      }),
    )
}

const opened = Effect.fnUntraced(function* (origin: string, certificateAuthorities: ReadonlyArray<string>) {
  const trusted = [`^${origin.replaceAll(/[.[\]]/g, "\\$&")}/.*$`]
  const policy = yield* Effect.fromResult(EgressPolicy.make({ trustedEndpoints: trusted, privateAddresses: true }))
  const services = yield* Layer.build(
    Egress.layer({ certificateAuthorities }).pipe(
      Layer.provide(EgressPolicy.EgressPolicy.layer(policy)),
      Layer.provide(ownAddresses),
    ),
  )
  return yield* Context.get(services, Egress).open({ origin })
})

/**
 * A literal address in the operator's configuration is intended, even if it is on this machine, in the private network
 * or a cloud metadata service; the proxy is not used for it. The addresses of a host name are checked as usual.
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
