/** The certificate by which a client identifies itself to an upstream: mutual TLS. */
import { createSecureContext, type SecureContextOptions } from "node:tls"
import { Result } from "effect"

/** PEM texts or a PKCS#12 archive, and the authority that certified the upstream. */
export type ClientIdentity = Pick<SecureContextOptions, "cert" | "key" | "pfx" | "passphrase" | "ca">

/** Fails where certificate and key cannot be read or do not belong together. OpenSSL's own message may quote what it read. */
export const check = (identity: ClientIdentity): Result.Result<ClientIdentity, string> =>
  Result.try({
    try: () => {
      createSecureContext(identity)
      return identity
    },
    catch: () =>
      "the client's certificate and key cannot be read, do not belong together, or need another keystore_password",
  })
