/** The content of the `--jwt` file: an issuer of tokens that the operator trusts, and the meaning of its claims. */
import * as Decode from "@drawbar/json-text/Decode"
import * as Json from "@drawbar/json-text/Json"
import { roles } from "@drawbar/registry/access/Principal"
import { Result, Schema } from "effect"
import { InvalidFileOption } from "../options/InvalidFileOption.ts"

/** The file that `--jwt` names. */
export const JwtSettings = Schema.Struct({
  /** The exact `iss` of its tokens. */
  issuer: Schema.String,
  /** The required `aud` of its tokens: otherwise a token for another program would be accepted here. */
  audience: Schema.String,
  /** The issuer's public keys: the URL of a JSON Web Key Set, or the set itself. */
  jwks: Schema.Union([
    Schema.String,
    Schema.Struct({ keys: Schema.Array(Schema.Record(Schema.String, Schema.Unknown)) }),
  ]),
  /** The claim that names the principal; `sub` by default. */
  name_claim: Schema.optionalKey(Schema.String),
  /** The claim whose values the table below maps; `roles` by default. */
  roles_claim: Schema.optionalKey(Schema.String),
  /** Maps the claim's values to Drawbar's roles. */
  roles: Schema.Record(Schema.String, Schema.Array(Schema.Literals(roles))),
  /** The claim whose values become backend roles; none by default. */
  backend_roles_claim: Schema.optionalKey(Schema.String),
})
export type JwtSettings = typeof JwtSettings.Type

const decode = Decode.decode(JwtSettings)

/** Parses the file's text; an error names the location. */
export const read = (file: string, text: string): Result.Result<JwtSettings, InvalidFileOption> => {
  const unusable = (why: string) => new InvalidFileOption({ message: `--jwt ${file} ${why}.` })
  return Json.parse(text).pipe(
    Result.mapError(({ message, line, column }) =>
      unusable(`is not valid JSON: ${message} at line ${line}, column ${column}`),
    ),
    Result.flatMap((json) => Result.mapError(decode(json), ({ message }) => unusable(`is invalid: ${message}`))),
  )
}
