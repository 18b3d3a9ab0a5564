/**
 * Secrets that stand elsewhere: a credential names a variable of the server's environment, a file, or what a store of secrets
 * holds, and the value is read when the model is deployed. Only what the operator has set aside can be named, because the author
 * of a connector also decides where its secrets are sent.
 */
import * as Reserved from "@drawbar/blueprint-schema/ReservedParameters"
import type { Blueprint } from "@drawbar/blueprint-schema/Blueprint"
import type { Credential } from "@drawbar/blueprint-schema/Credential"
import { type ConnectorError, invalidConnector } from "@drawbar/connector-runtime/ConnectorError"
import { Context, Effect, Redacted } from "effect"
import * as SecretDestinations from "./SecretDestinations.ts"
import * as SecretHosts from "./SecretHosts.ts"

/** What stands before the colon of a reference. */
const kinds = ["env", "file", "vault"] as const
type Kind = (typeof kinds)[number]

/** Returns the value of a name. Fails with the reason, which completes a sentence. */
export type Reading = (name: string) => Effect.Effect<string, string>

/** A secret of AWS Secrets Manager, and in which role it is read; as the server itself where there is none. */
export interface AwsSecret {
  readonly secretArn: string
  readonly roleArn: string | undefined
  readonly externalId: string | undefined
}

/** Where referred secrets come from. */
export interface SecretSource extends Readonly<Record<Kind, Reading>> {
  /** The members of a secret by their names; absent where the operator lists no secret of AWS. */
  readonly aws?: (secret: AwsSecret) => Effect.Effect<Readonly<Record<string, string>>, string>
  /** To which hosts some of them may be sent alone. */
  readonly hosts?: ReadonlyArray<SecretHosts.SecretHost>
}

/** How a server says that it gives none. */
export const none: SecretSource = {
  env: () =>
    Effect.fail(
      "this server gives no variables to connectors. The variables of your own shell are read by the drawbar command, with --credential",
    ),
  file: () =>
    Effect.fail("this server gives no files to connectors: its operator has to start it with --secrets FOLDER"),
  vault: () =>
    Effect.fail(
      "this server gives nothing of Vault to connectors: its operator has to start it with --vault-prefix PATH",
    ),
}

/** Nothing is set aside: every reference is refused. */
export const SecretSource = Context.Reference<SecretSource>("@drawbar/deployments/SecretSource", {
  defaultValue: () => none,
})

/** A blueprint with the values in place of the references; fails at the first that has none. */
export const resolve = (blueprint: Blueprint): Effect.Effect<Blueprint, ConnectorError> => filled(blueprint, withoutAws)

/**
 * As `resolve`, before a blueprint is stored. Published ones name secrets of AWS, and can be created on a server that gives none:
 * the reference stays, and is refused when the model is deployed.
 */
export const verify = (blueprint: Blueprint): Effect.Effect<Blueprint, ConnectorError> =>
  filled(blueprint, Effect.succeed)

/** What becomes of a credential that names a secret of AWS, where there are none. */
type Otherwise = (credential: Credential) => Effect.Effect<Credential, ConnectorError>

const withoutAws: Otherwise = () =>
  asked(
    arnField,
    Effect.fail(
      "this server gives nothing of AWS Secrets Manager to connectors: its operator has to list the secret with --aws-secret",
    ),
  )

const filled = (blueprint: Blueprint, otherwise: Otherwise): Effect.Effect<Blueprint, ConnectorError> =>
  hasReference(blueprint.credential)
    ? Effect.andThen(
        within(blueprint),
        Effect.map(resolved(blueprint.credential, otherwise), (credential) => ({ ...blueprint, credential })),
      )
    : Effect.succeed(blueprint)

const kindOf = (text: string): Kind | undefined => kinds.find((kind) => text.startsWith(`${kind}:`))

/** The field that names a secret of AWS; templates have its members as `${credential.secretArn.KEY}`. */
const arnField = Reserved.secretArn

const hasReference = (credential: Credential): boolean =>
  credential[arnField] !== undefined ||
  Object.values(credential).some((secret) => kindOf(Redacted.value(secret)) !== undefined)

/** Fails where a secret that the operator has bound to hosts would go to another. */
const within = Effect.fnUntraced(function* ({ connector, credential }: Blueprint) {
  const { hosts = [] } = yield* SecretSource
  if (hosts.length === 0) return
  const origins = SecretDestinations.of(connector)
  for (const [field, secret] of Object.entries(credential)) {
    const reference = Redacted.value(secret)
    if (field !== arnField && kindOf(reference) === undefined) continue
    const foreign = SecretHosts.foreign(hosts, reference, origins)
    if (foreign !== undefined)
      return yield* asked(field, Effect.fail(`this server's operator does not let ${reference} be sent to ${foreign}`))
  }
})

const resolved = Effect.fnUntraced(function* (
  credential: Credential,
  otherwise: Otherwise,
): Effect.fn.Return<Credential, ConnectorError> {
  const source = yield* SecretSource
  const values: Record<string, Redacted.Redacted> = Object.create(null)
  for (const [field, secret] of Object.entries(credential)) {
    const text = Redacted.value(secret)
    const kind = kindOf(text)
    values[field] =
      kind === undefined ? secret : Redacted.make(yield* asked(field, source[kind](text.slice(kind.length + 1))))
  }
  const { [arnField]: arn, ...rest } = values
  if (arn === undefined) return rest
  if (source.aws === undefined) return yield* otherwise(values)
  const text = (field: string) => (rest[field] === undefined ? undefined : Redacted.value(rest[field]))
  const secret = {
    secretArn: Redacted.value(arn),
    roleArn: text(Reserved.roleArn),
    externalId: text(Reserved.externalId),
  }
  const members = Object.entries(yield* asked(arnField, source.aws(secret)))
  return {
    ...rest,
    ...Object.fromEntries(members.map(([name, value]) => [Reserved.secretMember(name), Redacted.make(value)])),
  }
})

/** The author wrote the name and may see it in an error; the value stays hidden. */
const asked = <A>(field: string, found: Effect.Effect<A, string>): Effect.Effect<A, ConnectorError> =>
  Effect.mapError(found, (why) => invalidConnector(`/credential/${field}`, `credential ${field}: ${why}`))
