/** The steps of opening a connection. */

export interface Certificate {
  readonly subject: string
  readonly issuer: string
  /** In the form that TLS reports, `Nov 24 10:00:00 2027 GMT`. */
  readonly valid_to: string
}

/** The events of one connection attempt, in this order. */
export type ConnectionEvent =
  | { readonly stage: "resolved"; readonly addresses: ReadonlyArray<string> }
  | { readonly stage: "connected"; readonly address: string; readonly port: number }
  | { readonly stage: "secured"; readonly protocol: string; readonly certificate: Certificate }
