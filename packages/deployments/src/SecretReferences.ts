/**
 * Secrets that stand elsewhere: a credential names a variable of the server's environment or a file, and the value is read when
 * the model is deployed. Only what the operator has set aside can be named, because whoever writes a connector also says
 * where its secrets are sent.
 */
import type { Blueprint } from "@drawbar/blueprint-schema/Blueprint"
import type { Credential } from "@drawbar/blueprint-schema/Credential"
import { type ConnectorError, invalidConnector } from "@drawbar/connector-runtime/ConnectorError"
import { Context, Effect, Redacted, Result } from "effect"

/** Where referred secrets come from; each answers the value, or the rest of a sentence that says why there is none. */
export interface SecretSource {
  readonly variable: (name: string) => Result.Result<string, string>
  readonly file: (name: string) => Effect.Effect<string, string>
}

/** Nothing is set aside: every reference is refused. */
export const SecretSource = Context.Reference<SecretSource>("@drawbar/deployments/SecretSource", {
  defaultValue: () => ({
    variable: () => Result.fail("this server gives no variables to connectors"),
    file: () => Effect.fail("this server gives no files to connectors: start it with --secrets FOLDER"),
  }),
})

/** The prefix of the variables that may be named. */
export const prefix = "DRAWBAR_SECRET_"

/** A blueprint with the values in place of the references; fails at the first that has none. */
export const resolve = (blueprint: Blueprint): Effect.Effect<Blueprint, ConnectorError> =>
  hasReference(blueprint.credential)
    ? Effect.map(resolved(blueprint.credential), (credential) => ({ ...blueprint, credential }))
    : Effect.succeed(blueprint)

const form = /^(env|file):(.+)$/s

const hasReference = (credential: Credential): boolean =>
  Object.values(credential).some((secret) => form.test(Redacted.value(secret)))

const resolved = Effect.fnUntraced(function* (credential: Credential) {
  const source = yield* SecretSource
  const values: Record<string, Redacted.Redacted> = Object.create(null)
  for (const [field, secret] of Object.entries(credential)) {
    const [, kind, name = ""] = form.exec(Redacted.value(secret)) ?? []
    if (kind === undefined) {
      values[field] = secret
      continue
    }
    const found = kind === "env" ? Effect.fromResult(source.variable(name)) : source.file(name)
    // The name is the author's own; the value is not his to see.
    values[field] = Redacted.make(
      yield* Effect.mapError(found, (why) => invalidConnector(`/credential/${field}`, `credential ${field}: ${why}`)),
    )
  }
  const whole: Credential = values
  return whole
})
