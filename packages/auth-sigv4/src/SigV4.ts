import { clearCredentialCache, MAX_PRESIGNED_TTL, SignatureV4 } from "@smithy/signature-v4"
import { Result } from "effect"
import { Sha256 } from "./internal/Sha256.ts"
import * as SignableRequest from "./internal/SignableRequest.ts"
import { ExpiryOutOfRange, type Reason, SigV4Error, TimeOutOfRange, UnusableIdentity } from "./SigV4Error.ts"

/** An AWS access key; temporary credentials also have a `sessionToken`. */
export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
}

/** The scope of a signature: a region (`us-west-2`) and a service's signing name (`bedrock`, not `bedrock-runtime`). */
export interface Scope {
  readonly region: string
  readonly service: string
  /**
   * `normalised`: dot segments resolved, slashes merged, encoded once more; `verbatim`: none of these. Defaults to what
   * the service requires.
   */
  readonly path?: "normalised" | "verbatim" | undefined
  /**
   * `appended`: the session token is sent with the signature, but not signed. Defaults to what the service requires.
   */
  readonly sessionToken?: "signed" | "appended" | undefined
  /**
   * `signed`: the body's hash is also sent as `x-amz-content-sha256`, and is signed. Defaults to what the service
   * requires.
   */
  readonly contentSha256?: "signed" | undefined
}

/** An unsigned request: absolute URL, headers as a record or as pairs, the complete body. */
export type Request = SignableRequest.Request

/** Replaces the request's URL and headers: the exact URL, and header names in lower case, including `host`. */
export interface Signed {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

interface ServiceSigningOptions extends SignableRequest.SigningOptions {
  readonly sessionToken: "signed" | "appended"
}

const defaultOptions: ServiceSigningOptions = { path: "normalised", sessionToken: "signed", checksum: false }
const s3Options: ServiceSigningOptions = { path: "verbatim", sessionToken: "signed", checksum: true }

/**
 * The services with their own signing rules:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
const optionsByService = new Map<string, ServiceSigningOptions>([
  ["s3", s3Options],
  ["s3-object-lambda", s3Options],
  ["s3-outposts", s3Options],
  ["s3express", s3Options],
  ["iotdevicegateway", { ...defaultOptions, sessionToken: "appended" }],
])

interface Signer {
  readonly signature: SignatureV4
  readonly options: SignableRequest.SigningOptions
  readonly appendedToken: string | undefined
}

const visible = /^[\x21-\x7e]+$/
const identity = ["accessKeyId", "secretAccessKey", "sessionToken", "region", "service"] as const

/** Created for each request, which is cheap. The derived keys are expensive, and are cached by their value. */
const makeSigner = (credentials: Credentials, scope: Scope): Result.Result<Signer, Reason> => {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials
  const { region, service } = scope
  const fields = { accessKeyId, secretAccessKey, sessionToken, region, service }
  const unusable = identity.find((field) => fields[field] !== undefined && !visible.test(fields[field]))
  if (unusable !== undefined) return Result.fail(new UnusableIdentity({ field: unusable }))

  const known = optionsByService.get(service) ?? defaultOptions
  const options = { path: scope.path ?? known.path, checksum: known.checksum || scope.contentSha256 === "signed" }
  const appended = (scope.sessionToken ?? known.sessionToken) === "appended"
  return Result.succeed({
    signature: new SignatureV4({
      credentials: { accessKeyId, secretAccessKey, ...(!appended && sessionToken !== undefined && { sessionToken }) },
      region,
      service,
      sha256: Sha256,
      uriEscapePath: options.path === "normalised",
      applyChecksum: false,
    }),
    options,
    appendedToken: appended ? sessionToken : undefined,
  })
}

/** The last millisecond of 9999: `x-amz-date` has four digits for the year. */
const latest = 253_402_300_799_999

/** Whole seconds since 1970, the resolution of `x-amz-date`. */
const signingSecond = (time: number): Result.Result<number, Reason> =>
  time >= 0 && time <= latest ? Result.succeed(Math.floor(time / 1000)) : Result.fail(new TimeOutOfRange({ time }))

/** Returns a rejection as a value; an exception in the signer itself is a defect and is not caught. */
const toResult = async (signed: Result.Result<Promise<Signed>, Reason>): Promise<Result.Result<Signed, SigV4Error>> =>
  Result.isSuccess(signed)
    ? Result.succeed(await signed.success)
    : Result.fail(new SigV4Error({ reason: signed.failure }))

/**
 * Signs a request by its headers at `time`, milliseconds since 1970.
 *
 * Returns the complete set of headers to send. It includes `x-amz-content-sha256` if the request has that header, with
 * any value, or if the service or the scope requires it; its value is always the body's hash.
 */
export const sign = (
  request: Request,
  credentials: Credentials,
  scope: Scope,
  time: number,
): Promise<Result.Result<Signed, SigV4Error>> =>
  toResult(
    Result.gen(function* () {
      const signer = yield* makeSigner(credentials, scope)
      const signable = yield* SignableRequest.make(request, signer.options)
      const signingDate = yield* signingSecond(time)
      return signHeaders(signer, signable, signingDate)
    }),
  )

const signHeaders = async (
  signer: Signer,
  { request, url }: SignableRequest.Signable,
  signingDate: number,
): Promise<Signed> => {
  const { headers } = await signer.signature.sign(request, { signingDate })
  const { appendedToken } = signer
  return { url, headers: appendedToken === undefined ? headers : { ...headers, "x-amz-security-token": appendedToken } }
}

/**
 * Signs a request by its URL, which is valid for `expiresIn` seconds from `time`, milliseconds since 1970.
 *
 * `x-amz-*` headers move into the query. The returned headers are signed and must be sent with the URL.
 */
export const presign = (
  request: Request,
  credentials: Credentials,
  scope: Scope,
  time: number,
  expiresIn: number,
): Promise<Result.Result<Signed, SigV4Error>> =>
  toResult(
    Result.gen(function* () {
      const signer = yield* makeSigner(credentials, scope)
      const signable = yield* SignableRequest.make(request, signer.options)
      const signingDate = yield* signingSecond(time)
      if (!Number.isInteger(expiresIn) || expiresIn < 1 || expiresIn > MAX_PRESIGNED_TTL) {
        return yield* Result.fail(new ExpiryOutOfRange({ expiresIn }))
      }
      return signUrl(signer, signable, signingDate, expiresIn)
    }),
  )

const signUrl = async (
  signer: Signer,
  { request, url }: SignableRequest.Signable,
  signingDate: number,
  expiresIn: number,
): Promise<Signed> => {
  const { query = {}, headers } = await signer.signature.presign(request, { signingDate, expiresIn })
  const added = Object.entries(query).filter(([name]) => !Object.hasOwn(request.query, name))
  if (signer.appendedToken !== undefined) added.push(["X-Amz-Security-Token", signer.appendedToken])
  const search = added
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`)
    .join("&")
  return { url: `${url}${url.includes("?") ? "&" : "?"}${search}`, headers }
}

/**
 * Clears all cached signing keys, of which up to fifty outlive their credentials. Call it when a credential is revoked
 * or rotated.
 */
export const forgetKeys = (): void => clearCredentialCache()
