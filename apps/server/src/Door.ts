/** A door of the operator's own: he names this one origin, which may be within his network. */
import * as ClientConfig from "@drawbar/blueprint-schema/ClientConfig"
import { Egress } from "@drawbar/connector-runtime/Egress"
import * as EgressPolicy from "@drawbar/connector-runtime/EgressPolicy"
import { Context, Effect, Layer } from "effect"

export const to = Effect.fnUntraced(function* (origin: string, certificateAuthorities: ReadonlyArray<string>) {
  const trusted = [`^${origin.replaceAll(/[.[\]]/g, "\\$&")}/.*$`]
  const policy = yield* Effect.fromResult(EgressPolicy.make({ trustedEndpoints: trusted, privateAddresses: true }))
  const services = yield* Layer.build(
    Layer.provide(Egress.layer({ certificateAuthorities }), EgressPolicy.EgressPolicy.layer(policy)),
  )
  return yield* Context.get(services, Egress).open({ origin, config: ClientConfig.defaults })
})
