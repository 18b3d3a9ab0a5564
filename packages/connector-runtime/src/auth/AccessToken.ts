/**
 * Access tokens for connectors: by a client's own credentials, or by a service account of Google's.
 * Source: https://www.rfc-editor.org/rfc/rfc6749#section-4.4, https://www.rfc-editor.org/rfc/rfc7523 and
 * https://developers.google.com/identity/protocols/oauth2/service-account
 */
import * as Reserved from "@drawbar/blueprint-schema/ReservedParameters"
import { createPrivateKey, sign } from "node:crypto"
import * as GoogleCloud from "@drawbar/blueprint-schema/GoogleCloud"
import * as Json from "@drawbar/json-text/Json"
import * as UrlFault from "@drawbar/template-renderer/UrlFault"
import { Effect, Result } from "effect"
import { ConnectorError, RequestSigningFailed } from "../ConnectorError.ts"
import { brief, type EgressPool, type EgressRequest, type EgressResponse } from "@drawbar/egress/EgressPool"
import * as RefreshingValue from "@drawbar/egress/RefreshingValue"
import type { SecretMask } from "../response/SecretMask.ts"

/** How a token is asked for. */
export interface Grant {
  /** Where, as an absolute URL. */
  readonly url: string
  /** The form to send; it may have an age. `now` is in ms since 1970. */
  readonly form: (now: number) => Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
}

export interface ClientCredentials {
  readonly url: string
  readonly id: string
  readonly secret: string
  readonly scope: string | undefined
}

/** The client says who it is by Basic credentials, which every server has to take (RFC 6749, 2.3.1). */
export const clientCredentials = ({ url, id, secret, scope }: ClientCredentials): Grant => ({
  url,
  form: () => ({ grant_type: "client_credentials", ...(scope === undefined ? {} : { scope }) }),
  headers: { authorization: `Basic ${Buffer.from(`${encode(id)}:${encode(secret)}`).toString("base64")}` },
})

const encode = (text: string) => new URLSearchParams({ x: text }).toString().slice(2)

/** The grant of a key file, as Google's console makes it; fails with a sentence that repeats nothing of it. */
export const serviceAccount = (keyFile: string, scope: string | undefined): Result.Result<Grant, string> =>
  Result.gen(function* () {
    const { client_email: email, private_key: pem, token_uri: url, private_key_id: kid } = Json.objectIn(keyFile) ?? {}
    if (typeof email !== "string" || typeof pem !== "string" || typeof url !== "string")
      return yield* Result.fail(
        "google_service_account is not the JSON of a key file with client_email, private_key and token_uri",
      )
    if (!URL.canParse(url)) return yield* Result.fail("the token_uri of google_service_account is not a valid URL")
    return yield* signedGrant(Reserved.googleServiceAccount, {
      email,
      pem,
      url,
      scope: scope ?? GoogleCloud.cloudPlatform,
      ...(typeof kid === "string" ? { kid } : {}),
    })
  })

/** Where a key file's tokens are asked for; fails as `serviceAccount` does, but does not read the key. */
export const issuerIn = (keyFile: string): Result.Result<string, string> => {
  const { client_email: email, private_key: pem, token_uri: url } = Json.objectIn(keyFile) ?? {}
  if (typeof email !== "string" || typeof pem !== "string" || typeof url !== "string")
    return Result.fail("it is not the JSON of a key file with client_email, private_key and token_uri")
  const fault = UrlFault.find(url)
  return fault === undefined ? Result.succeed(url) : Result.fail(`its token_uri is not a URL: ${fault.problem}`)
}

/** What a service account's key says. */
export interface Account {
  readonly email: string
  /** PEM; its line breaks may stand as `\n` in two characters, as they do in a key file. */
  readonly pem: string
  /** The id of the key. */
  readonly kid?: string | undefined
  /** The issuer, as an absolute URL. */
  readonly url: string
  /** Scopes with spaces between them. */
  readonly scope: string
}

/** The grant of a service account's key; `owner` is what a sentence calls that which holds it. */
export const signedGrant = (owner: string, { email, pem, kid, url, scope }: Account): Result.Result<Grant, string> =>
  Result.map(
    Result.try({
      try: () => createPrivateKey(pem.replaceAll("\\n", "\n")),
      catch: () => `the private_key of ${owner} cannot be read`,
    }),
    (key) => {
      const form = (now: number) => {
        const issued = Math.floor(now / 1_000)
        const claims = { iss: email, scope, aud: url, iat: issued, exp: issued + 3_600 }
        const head = { alg: "RS256", typ: "JWT", ...(kid === undefined ? {} : { kid }) }
        const signed = `${part(head)}.${part(claims)}`
        const signature = sign("RSA-SHA256", Buffer.from(signed), key).toString("base64url")
        return { grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", assertion: `${signed}.${signature}` }
      }
      return { url, form, headers: {} }
    },
  )

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url")

const limits = brief(65_536)

/** The token of a grant, fetched when it is needed and again before it expires; `mask` is over what the issuer says. */
export const make = (
  pool: EgressPool,
  { url, form, headers }: Grant,
  mask: SecretMask,
): Effect.Effect<Effect.Effect<string, ConnectorError>> =>
  RefreshingValue.make((now) => {
    const fields = form(now)
    if (fields["assertion"] !== undefined) mask.learn(fields["assertion"])
    const request: EgressRequest = {
      method: "POST",
      url,
      headers: { ...headers, "content-type": "application/x-www-form-urlencoded", accept: "application/json" },
      body: new URLSearchParams(fields).toString(),
    }
    return Effect.flatMap(
      Effect.mapError(pool.send(request, limits), ({ message }) => refusal(url, message)),
      (response) => read(url, response, now, mask),
    )
  })

/** In seconds, where the answer does not say. */
const usualLife = 3_600

/** The token in an issuer's response, which came at `now`, in ms since 1970. */
export const read = (url: string, { status, body }: EgressResponse, now: number, mask: SecretMask) => {
  const answer = Json.objectIn(Buffer.from(body).toString("utf8")) ?? {}
  const { access_token, expires_in = usualLife, error, error_description } = answer
  if (status === 200 && typeof access_token === "string" && /[^\x21-\x7e]/.test(access_token))
    return Effect.fail(refusal(url, "its token has a character that no header carries"))
  if (status !== 200 || typeof access_token !== "string" || access_token === "")
    return Effect.fail(
      refusal(
        url,
        mask
          .apply([`status ${status}`, error, error_description].filter((text) => typeof text === "string").join(", "))
          .slice(0, 1_000),
      ),
    )
  return Effect.succeed({ value: access_token, expires: now + Number(Json.toText(expires_in)) * 1_000 })
}

const refusal = (url: string, why: string): ConnectorError =>
  ConnectorError.from(new RequestSigningFailed({ message: `${new URL(url).origin} gave no access token: ${why}` }))
