/** How a connection comes about, step by step. */

export interface Certificate {
  readonly subject: string
  readonly issuer: string
  /** As TLS gives it, `Nov 24 10:00:00 2027 GMT`. */
  readonly valid_to: string
}

/** What becomes known while a connection is made, in this order. */
export type ConnectionEvent =
  | { readonly stage: "resolved"; readonly addresses: ReadonlyArray<string> }
  | { readonly stage: "connected"; readonly address: string; readonly port: number }
  | { readonly stage: "secured"; readonly protocol: string; readonly certificate: Certificate }
