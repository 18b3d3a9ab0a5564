/**
 * The server's own AWS identity, if the operator configures one. Connectors with a `roleArn` use roles that it may assume, and
 * connectors with `aws_identity` sign as the server itself, for the services that the operator lists.
 */
import type * as SigV4 from "@drawbar/auth-sigv4/SigV4"
import * as AwsSigning from "@drawbar/blueprint-schema/AwsSigning"
import { Context, type Effect, Result } from "effect"
import * as AwsEndpoint from "./AwsEndpoint.ts"
import { type ConnectorError, invalidConnector } from "../ConnectorError.ts"

export interface AwsIdentity {
  /** Asked for each use, because the keys may be temporary. */
  readonly keys: Effect.Effect<SigV4.Credentials, ConnectorError>
  /** The services, by their signing names, that connectors may sign for as this server. */
  readonly lentFor: ReadonlySet<string>
  /** The roles that connectors may take on, by their ARNs; one that ends in `*` stands for all that begin so. Absent: all that AWS gives. */
  readonly roles?: ReadonlyArray<string> | undefined
}

/** Nothing: connectors sign with keys of their own only. */
export const AwsIdentity = Context.Reference<AwsIdentity | undefined>("@drawbar/connector-runtime/AwsIdentity", {
  defaultValue: () => undefined,
})

/** What a connector that wants to sign as the server says of itself. */
export interface Borrower {
  /** Its parameter `aws_identity`. */
  readonly wish: string
  readonly service: string
  readonly origins: Iterable<string>
}

/**
 * The server's keys for a connector; refused unless the operator lets it sign for that service, and all its requests go to AWS.
 * A signature holds for one service, so that what is lent for models opens nothing else.
 */
export const lend = (
  identity: AwsIdentity | undefined,
  { wish, service, origins }: Borrower,
): Result.Result<AwsIdentity["keys"], ConnectorError> => {
  const foreign = [...origins].find((origin) => !AwsEndpoint.isAws(origin))
  if (wish !== "server") return refused('aws_identity can only be "server"')
  if (identity === undefined)
    return refused(
      "this server has no identity of its own with AWS: its operator has to start it with --aws-credentials",
    )
  if (!identity.lentFor.has(service))
    return refused(
      `this server does not let connectors sign for ${service} as itself: its operator has to start it with --aws-sign-for ${service}`,
    )
  return foreign === undefined
    ? Result.succeed(identity.keys)
    : refused(`${foreign} is not AWS, and nothing that this server signs as itself goes elsewhere`)
}

/** Fails where the operator does not let connectors take on a role. */
export const checkRole = ({ roles }: AwsIdentity, roleArn: string): Result.Result<void, string> =>
  roles === undefined || roles.some((entry) => covers(entry, roleArn))
    ? Result.void
    : Result.fail(
        `${roleArn} is not among the roles that connectors may take on: this server's operator has to list it with --aws-role`,
      )

const covers = (entry: string, arn: string): boolean =>
  entry.endsWith("*") ? arn.startsWith(entry.slice(0, -1)) : arn === entry

const refused = (why: string) => Result.fail(invalidConnector(`/parameters/${AwsSigning.identity}`, why))
