/** What `--jwt` names: an issuer of tokens whom the operator trusts, and what its claims mean here. */
import * as Decode from "@drawbar/json-text/Decode"
import * as Json from "@drawbar/json-text/Json"
import { roles } from "@drawbar/registry/access/Principal"
import { Result, Schema } from "effect"
import { InvalidFileOption } from "../options/InvalidFileOption.ts"

/** The file that `--jwt` names. */
export const JwtSettings = Schema.Struct({
  /** The `iss` of its tokens, to the letter. */
  issuer: Schema.String,
  /** What its tokens have to have in `aud`: without it a token for another program would open this one. */
  audience: Schema.String,
  /** The issuer's public keys: the URL of a JSON Web Key Set, or the set itself. */
  jwks: Schema.Union([
    Schema.String,
    Schema.Struct({ keys: Schema.Array(Schema.Record(Schema.String, Schema.Unknown)) }),
  ]),
  /** The claim that names the principal; `sub` if absent. */
  name_claim: Schema.optionalKey(Schema.String),
  /** The claim with what the table below translates; `roles` if absent. */
  roles_claim: Schema.optionalKey(Schema.String),
  /** From the claim's values to Drawbar's roles. */
  roles: Schema.Record(Schema.String, Schema.Array(Schema.Literals(roles))),
  /** The claim whose values become backend roles; none if absent. */
  backend_roles_claim: Schema.optionalKey(Schema.String),
})
export type JwtSettings = typeof JwtSettings.Type

const decode = Decode.decode(JwtSettings)

/** Reads the file's text; fails with a sentence that says where it is wrong. */
export const read = (file: string, text: string): Result.Result<JwtSettings, InvalidFileOption> => {
  const unusable = (why: string) => new InvalidFileOption({ message: `--jwt ${file} ${why}.` })
  return Json.parse(text).pipe(
    Result.mapError(({ message, line, column }) =>
      unusable(`is no JSON: ${message} at line ${line}, column ${column}`),
    ),
    Result.flatMap((json) => Result.mapError(decode(json), ({ message }) => unusable(`cannot be used: ${message}`))),
  )
}
