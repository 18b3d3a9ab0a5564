/** The certificate with which a client identifies itself to an upstream: mutual TLS. */
import { createSecureContext, type SecureContextOptions } from "node:tls"
import { Result } from "effect"

/** PEM texts or a PKCS#12 archive, and the authority that issued the upstream's certificate. */
export type ClientIdentity = Pick<SecureContextOptions, "cert" | "key" | "pfx" | "passphrase" | "ca">

/**
 * Fails if certificate and key cannot be read or do not match. OpenSSL's own message may quote its input, so it is not
 * used.
 */
export const check = (identity: ClientIdentity): Result.Result<ClientIdentity, string> =>
  Result.try({
    try: () => {
      createSecureContext(identity)
      return identity
    },
    catch: () => "the client certificate and key cannot be read, do not match, or need another keystore_password",
  })
