import { createHash } from "node:crypto"
import aws4 from "aws4"
import * as Answer from "./Answer.ts"
import * as Received from "./Received.ts"

export interface Options {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  readonly region: string
  readonly service: string
}

/** An error in AWS's JSON protocol: its name in a header, its text in the body. */
export const error = (status: number, type: string, message: string): Answer.Response =>
  Answer.json({ message }, status, { "x-amzn-errortype": type, "x-amzn-requestid": "stub" })

const authorization = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/[^,]+, ?SignedHeaders=([^,]+), ?Signature=[0-9a-f]{64}$/

const flags = (names: Iterable<string>) => Object.fromEntries(Array.from(names, (name) => [name, true]))

/** The authorization that the request would have if it had been signed with these credentials. */
const expected = (received: Received.Received, signed: ReadonlySet<string>, options: Options): string | undefined => {
  const { region, service } = options
  const sent = new Set(received.headers.map(([name]) => name.toLowerCase()))
  const headers = Object.fromEntries(Array.from(sent, (name) => [name, Received.header(received, name) ?? ""]))
  // The signer adds the two content headers if they are missing, and would sign them.
  const unsigned = [...sent, "content-type", "content-length"].filter((name) => !signed.has(name))
  const resigned = aws4.sign(
    {
      method: received.method,
      path: received.target,
      headers,
      body: received.bytes,
      region,
      service,
      extraHeadersToIgnore: flags(unsigned),
      extraHeadersToInclude: flags(signed),
    },
    options,
  )
  return resigned.headers["Authorization"]
}

const isBodyHashValid = (received: Received.Received): boolean => {
  const header = Received.header(received, "x-amz-content-sha256")
  return header === undefined || header === createHash("sha256").update(received.bytes).digest("hex")
}

/** AWS requires that the host and every `x-amz-*` header are signed. */
const isCovered = (received: Received.Received, signed: ReadonlySet<string>): boolean =>
  signed.has("host") &&
  received.headers.map(([name]) => name.toLowerCase()).every((name) => !name.startsWith("x-amz-") || signed.has(name))

const mismatch = error(
  403,
  "InvalidSignatureException",
  "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
)

/**
 * Signs the received request again, with an independent signer, and compares. `undefined` if the signature is valid;
 * otherwise AWS's error response. The signing time is taken from the request.
 */
export const refuse = (received: Received.Received, options: Options): Answer.Response | undefined => {
  const header = Received.header(received, "authorization")
  if (header === undefined) return error(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
  const [, accessKeyId, names] = authorization.exec(header) ?? []
  if (names === undefined) return error(403, "IncompleteSignatureException", "Authorization header is malformed.")
  if (
    accessKeyId !== options.accessKeyId ||
    Received.header(received, "x-amz-security-token") !== options.sessionToken
  ) {
    return error(403, "UnrecognizedClientException", "The security token included in the request is invalid.")
  }
  const signed = new Set(names.split(";"))
  const holds =
    isCovered(received, signed) && isBodyHashValid(received) && header === expected(received, signed, options)
  return holds ? undefined : mismatch
}
