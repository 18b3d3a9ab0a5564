/**
 * What AWS signatures require of a connector, under the names that blueprints use.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
 */
import * as Reserved from "./ReservedParameters.ts"
import type { Connector } from "./Connector.ts"

/** Names of a credential: the connector's own name first, AWS's environment variable second. */
export const accessKey = [Reserved.accessKey, Reserved.awsAccessKeyId] as const
export const secretKey = [Reserved.secretKey, Reserved.awsSecretAccessKey] as const
export const sessionToken = [Reserved.sessionToken, Reserved.awsSessionToken] as const

/** The names that refer to keys stored elsewhere. */
export const borrowed = [Reserved.roleArn, Reserved.secretArn] as const

/**
 * The parameter with which a connector asks to sign with the server's own identity: `"aws_identity": "server"`. It is
 * not a secret, so it is visible.
 */
export const identity = Reserved.awsIdentity

/** The first of `names` that a credential has. */
export const nameIn = (credential: object, names: ReadonlyArray<string>): string | undefined =>
  names.find((name) => Object.hasOwn(credential, name))

/**
 * The region in the host of an AWS endpoint, for a connector that does not set one:
 * `https://service.us-east-1.amazonaws.com/`.
 */
export const regionOfHost = ({ actions }: Pick<Connector, "actions">): string | undefined =>
  actions.map(({ url }) => awsHost.exec(url)?.[1]).find((region) => region !== undefined)

// VPC endpoints, and those of services such as OpenSearch, have one more label after the region.
const awsHost =
  /^https:\/\/(?:[a-z0-9-]+\.)+?([a-z]{2}(?:-[a-z]+)+-\d)(?:\.[a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?(?:[/:?]|$)/i
