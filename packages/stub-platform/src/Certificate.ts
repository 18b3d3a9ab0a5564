import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto"
import { isIPv4 } from "node:net"
import * as Der from "./internal/Der.ts"

/** A server's certificate and key, and the authority that issued it, which a client must trust; all in PEM. */
export interface Certificate {
  readonly ca: string
  readonly certificate: string
  readonly key: string
}

/** RFC 5480 and RFC 5280, sections 4.1 and 4.2.1: algorithms, attributes and extensions by their identifiers. */
const ecdsaWithSha256 = Der.sequence(Der.objectIdentifier("2a8648ce3d040302"))
const commonName = Der.objectIdentifier("550403")
const basicConstraints = Der.objectIdentifier("551d13")
const keyUsage = Der.objectIdentifier("551d0f")
const subjectAlternativeName = Der.objectIdentifier("551d11")

const isAuthority = [
  Der.sequence(basicConstraints, Der.truth, Der.octetString(Der.sequence(Der.truth))),
  Der.sequence(keyUsage, Der.truth, Der.octetString(Der.bitString(Buffer.of(0b0000_0110), 1))),
]

const generalName = (host: string) =>
  isIPv4(host)
    ? Der.element(0x87, Uint8Array.from(host.split("."), Number))
    : Der.element(0x82, Buffer.from(host, "ascii"))

const answersFor = (hosts: ReadonlyArray<string>) => [
  Der.sequence(subjectAlternativeName, Der.octetString(Der.sequence(...hosts.map(generalName)))),
]

const name = (text: string) => Der.sequence(Der.set(Der.sequence(commonName, Der.utf8String(text))))

/** The longest period for which a two-digit year is unambiguous, so that no test depends on the date. */
const validity = Der.sequence(Der.utcTime("200101000000Z"), Der.utcTime("491231235959Z"))

const pem = (der: Uint8Array) =>
  `-----BEGIN CERTIFICATE-----\n${Buffer.from(der)
    .toString("base64")
    .replaceAll(/.{1,64}/g, "$&\n")}-----END CERTIFICATE-----\n`

interface Certified {
  readonly issuer: string
  readonly subject: string
  readonly publicKey: KeyObject
  readonly extensions: ReadonlyArray<Uint8Array>
}

const certify = ({ issuer, subject, publicKey, extensions }: Certified, signer: KeyObject): string => {
  const version3 = Der.explicit(0, Der.integer(Buffer.of(2)))
  const serialNumber = Der.integer(Buffer.concat([Buffer.of(1), randomBytes(8)]))
  const certified = Der.sequence(
    version3,
    serialNumber,
    ecdsaWithSha256,
    name(issuer),
    validity,
    name(subject),
    publicKey.export({ type: "spki", format: "der" }),
    Der.explicit(3, Der.sequence(...extensions)),
  )
  return pem(Der.sequence(certified, ecdsaWithSha256, Der.bitString(sign("sha256", certified, signer))))
}

const newKey = () => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey

/** Creates a single-use authority and a certificate from it for host names and IPv4 addresses. */
export const issue = (hosts: ReadonlyArray<string>): Certificate => {
  const authorityKey = newKey()
  const serverKey = newKey()
  const issuer = "Stub platform test authority"
  return {
    ca: certify(
      { issuer, subject: issuer, publicKey: createPublicKey(authorityKey), extensions: isAuthority },
      authorityKey,
    ),
    certificate: certify(
      { issuer, subject: "Stub platform", publicKey: createPublicKey(serverKey), extensions: answersFor(hosts) },
      authorityKey,
    ),
    key: serverKey.export({ type: "pkcs8", format: "pem" }).toString(),
  }
}
