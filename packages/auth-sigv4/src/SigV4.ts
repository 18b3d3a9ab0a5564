import { clearCredentialCache, SignatureV4 } from "@smithy/signature-v4"
import { Result } from "effect"
import { Sha256 } from "./internal/Sha256.ts"
import * as SignableRequest from "./internal/SignableRequest.ts"
import { ExpiryOutOfRange, type Reason, SigV4Error, TimeOutOfRange, UnusableIdentity } from "./SigV4Error.ts"

/** An AWS access key; `sessionToken` comes with temporary ones. */
export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
}

/** Where a signature holds: a region (`us-west-2`) and a service's signing name (`bedrock`, not `bedrock-runtime`). */
export interface Scope {
  readonly region: string
  readonly service: string
  /** `normalised`: dot segments resolved, slashes merged, encoded once more; `verbatim`: as sent. By the service if absent. */
  readonly path?: "normalised" | "verbatim" | undefined
  /** `appended`: the session token travels beside the signature, not under it. By the service if absent. */
  readonly sessionToken?: "signed" | "appended" | undefined
}

/**
 * What is to be sent. A URL given as text is signed and sent as it stands, so it must be percent-encoded already;
 * a `URL` as it serialises. Pairs serve for repeated headers.
 */
export interface Request {
  readonly method: string
  readonly url: string | URL
  readonly headers: Readonly<Record<string, string>> | Iterable<readonly [name: string, value: string]>
  readonly body?: string | Uint8Array | undefined
}

/** What to send in place of the request's URL and headers: the URL to the letter, header names in lower case, with `host`. */
export interface Signed {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

interface Habits {
  readonly path: "normalised" | "verbatim"
  readonly sessionToken: "signed" | "appended"
  readonly checksum: boolean
}

const ordinary: Habits = { path: "normalised", sessionToken: "signed", checksum: false }
const storage: Habits = { path: "verbatim", sessionToken: "signed", checksum: true }

/** The services that AWS signs in their own way: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
const habitsByService = new Map<string, Habits>([
  ["s3", storage],
  ["s3-object-lambda", storage],
  ["s3-outposts", storage],
  ["s3express", storage],
  ["iotdevicegateway", { ...ordinary, sessionToken: "appended" }],
])

interface Signer {
  readonly signature: SignatureV4
  readonly checksum: boolean
  readonly appendedToken: string | undefined
}

/** Held by the credentials object itself, so that a signer goes when its credentials do. */
const signers = new WeakMap<Credentials, Map<string, Signer>>()

const visible = /^[\x21-\x7e]+$/

const makeSigner = (credentials: Credentials, scope: Scope): Result.Result<Signer, Reason> => {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials
  const { region, service } = scope
  for (const [field, text] of Object.entries({ accessKeyId, secretAccessKey, region, service } as const)) {
    if (!visible.test(text)) return Result.fail(new UnusableIdentity({ field: field as keyof typeof credentials }))
  }
  return Result.fail(new UnusableIdentity({ field: "region" }))
}
