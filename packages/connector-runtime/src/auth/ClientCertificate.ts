/**
 * The certificate that a connector's credential holds for mutual TLS, by `client_config.mutual_tls_enabled`.
 * Source: https://docs.opensearch.org/latest/ml-commons-plugin/remote-models/blueprints/
 */
import * as Reserved from "@drawbar/blueprint-schema/ReservedParameters"
import type { ClientConfig } from "@drawbar/blueprint-schema/ClientConfig"
import type { Credential } from "@drawbar/blueprint-schema/Credential"
import * as ClientIdentity from "@drawbar/egress/ClientIdentity"
import { Redacted, Result } from "effect"
import { type ConnectorError, invalidConnector } from "../ConnectorError.ts"

/** Nothing without mutual TLS; fails where certificate and key are missing, unreadable, or no pair. */
export const of = (
  { mutual_tls_enabled, skip_ssl_verification, keystore_type = "PEM" }: ClientConfig,
  credential: Credential,
): Result.Result<ClientIdentity.ClientIdentity | undefined, ConnectorError> => {
  if (!mutual_tls_enabled) return Result.succeed(undefined)
  if (skip_ssl_verification)
    return wrong("/client_config/skip_ssl_verification", "skip_ssl_verification cannot be set with mutual_tls_enabled")
  if (credential["api_key"] !== undefined)
    return wrong(
      "/credential/api_key",
      "api_key cannot stand beside mutual_tls_enabled: the certificate identifies the client",
    )
  const secret = (name: string) =>
    credential[name] === undefined ? undefined : Redacted.value(credential[name]) || undefined
  const passphrase = secret(Reserved.keystorePassword)
  const ca = secret(Reserved.caCertPem)
  const shared = {
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(ca === undefined ? {} : { ca: pem(ca) }),
  }
  if (keystore_type === "PKCS12") {
    const pfx = secret(Reserved.clientCertPkcs12)
    return pfx === undefined
      ? wrong(
          "/credential",
          "mutual TLS with keystore_type PKCS12 needs client_cert_pkcs12, in base64, in the credential",
        )
      : checked(Reserved.clientCertPkcs12, { ...shared, pfx: Buffer.from(pfx, "base64") })
  }
  const [cert, key] = [secret(Reserved.clientCertPem), secret(Reserved.clientKeyPem)]
  return cert === undefined || key === undefined
    ? wrong(
        "/credential",
        "mutual TLS with keystore_type PEM needs client_cert_pem and client_key_pem in the credential",
      )
    : checked(Reserved.clientCertPem, { ...shared, cert: pem(cert), key: pem(key) })
}

/** PEM as it stands, or in base64, which has no line breaks. */
const pem = (text: string): string =>
  text.includes("-----BEGIN") ? text : Buffer.from(text, "base64").toString("utf8")

const checked = (field: string, identity: ClientIdentity.ClientIdentity) =>
  Result.mapError(ClientIdentity.check(identity), (message) => invalidConnector(`/credential/${field}`, message))

const wrong = (pointer: string, message: string) => Result.fail(invalidConnector(pointer, message))
