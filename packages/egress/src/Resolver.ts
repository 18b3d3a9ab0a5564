/** Resolves hosts to addresses. DNS results are not trusted; addresses set by the operator are. */
import { Context, Effect, Layer } from "effect"
import { lookup } from "node:dns"
import { isIP } from "node:net"
import type { Proxy } from "./Proxy.ts"
import { DnsLookupFailed, EgressError } from "./EgressError.ts"

export interface Resolution {
  /** IP addresses in the order in which to try them; at least one. */
  readonly addresses: readonly [string, ...Array<string>]
  readonly port: number
  /** The operator set the address, so the rule for private and reserved addresses does not apply. */
  readonly trusted: boolean
  /** The proxy through which the connection goes; it resolves the host name itself. */
  readonly proxy?: Proxy
}

export class Resolver extends Context.Service<
  Resolver,
  { readonly resolve: (host: string, port: number) => Effect.Effect<Resolution, EgressError> }
>()("@drawbar/connector-runtime/Resolver") {
  /** The operating system's resolver. An IP address resolves to itself. */
  static readonly layer = Layer.sync(Resolver, () => ({
    resolve: (host: string, port: number) =>
      isIP(host) > 0 ? Effect.succeed<Resolution>({ addresses: [host], port, trusted: false }) : lookupAll(host, port),
  }))

  /**
   * Redirects some `host:port` pairs, `{ "api.cohere.ai:443": "127.0.0.1:8443" }`; other hosts go to the underlying
   * resolver.
   */
  static readonly layerMap = (targets: Readonly<Record<string, string>>) =>
    Layer.effect(
      Resolver,
      Effect.map(Resolver, (below) => {
        const named = new Map(Object.entries(targets).map(([from, to]) => [from.toLowerCase(), place(to)]))
        return {
          resolve: (host: string, port: number) => {
            const target = named.get(`${host}:${port}`)
            return target === undefined ? below.resolve(host, port) : Effect.succeed(target)
          },
        }
      }),
    )

  /** Sends hosts that are not bypassed to the operator's proxy; other hosts go to the underlying resolver. */
  static readonly layerProxy = (proxy: Proxy) =>
    Layer.effect(
      Resolver,
      Effect.map(Resolver, (below) => ({
        resolve: (host: string, port: number) =>
          isInner(host) || proxy.bypasses(host, port)
            ? below.resolve(host, port)
            : Effect.succeed(
                isIP(host) > 0
                  ? // A literal address is its own destination, so it can be checked here.
                    { addresses: [host] as const, port, trusted: false, proxy }
                  : { addresses: [proxy.host] as const, port, trusted: true, proxy },
              ),
      })),
    )
}

const lookupAll = (host: string, port: number): Effect.Effect<Resolution, EgressError> =>
  Effect.callback((resume) => {
    lookup(host, { all: true }, (error, found) => {
      const [first, ...rest] = error ? [] : found.map(({ address }) => address)
      resume(
        first === undefined
          ? Effect.fail(EgressError.from(new DnsLookupFailed({ host, code: error?.code ?? "ENODATA" })))
          : Effect.succeed({ addresses: [first, ...rest], port, trusted: false }),
      )
    })
  })

const place = (target: string): Resolution => {
  const colon = target.lastIndexOf(":")
  const address = target.slice(0, colon).replaceAll(/^\[|\]$/g, "")
  const port = Number(target.slice(colon + 1))
  if (isIP(address) === 0 || !(port > 0))
    throw new Error(`${target} must have the form ADDRESS:PORT, such as 127.0.0.1:8443`)
  return { addresses: [address], port, trusted: true }
}

/**
 * Names for this machine or this network. The proxy must not receive hosts that the address rule would reject.
 * https://www.iana.org/assignments/special-use-domain-names, https://www.rfc-editor.org/rfc/rfc6762#appendix-G and
 * https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/, whose names are completed within a cluster
 */
const isInner = (host: string): boolean =>
  isIP(host) === 0 &&
  /^[^.]*\.?$|\.(localhost|localdomain|local|internal|intranet|private|corp|home|lan|home\.arpa|svc)\.?$/.test(host)
