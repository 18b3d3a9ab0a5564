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

/** What the request's own authorization would be if these credentials had signed what came. */
const expected = (received: Received.Received, signed: ReadonlySet<string>, options: Options): string | undefined => {
  const { region, service } = options
  const sent = new Set(received.headers.map(([name]) => name.toLowerCase()))
  const headers = Object.fromEntries(Array.from(sent, (name) => [name, Received.header(received, name) ?? ""]))
  // The signer adds the two content headers where they are missing, and would sign them.
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

const isBodyAsSaid = (received: Received.Received): boolean => {
  const said = Received.header(received, "x-amz-content-sha256")
  return said === undefined || said === createHash("sha256").update(received.bytes).digest("hex")
}

/** AWS wants the host and every `x-amz-*` header under the signature. */
const isCovered = (received: Received.Received, signed: ReadonlySet<string>): boolean =>
  signed.has("host") &&
  received.headers.map(([name]) => name.toLowerCase()).every((name) => !name.startsWith("x-amz-") || signed.has(name))

const mismatch = error(
  403,
  "InvalidSignatureException",
  "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
)

/**
 * Signs what came again, with a signer of other authors, and compares. `undefined` where the signature holds; otherwise
 * the answer that AWS gives. The signing time is taken as it is said.
 */
export const refuse = (received: Received.Received, options: Options): Answer.Response | undefined => {
  const said = Received.header(received, "authorization")
  if (said === undefined) return error(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
  const [, accessKeyId, names] = authorization.exec(said) ?? []
  if (names === undefined)
    return error(403, "IncompleteSignatureException", "Authorization header is not as it should be.")
  if (
    accessKeyId !== options.accessKeyId ||
    Received.header(received, "x-amz-security-token") !== options.sessionToken
  ) {
    return error(403, "UnrecognizedClientException", "The security token included in the request is invalid.")
  }
  const signed = new Set(names.split(";"))
  const holds = isCovered(received, signed) && isBodyAsSaid(received) && said === expected(received, signed, options)
  return holds ? undefined : mismatch
}
