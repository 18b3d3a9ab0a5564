/**
 * What AWS's signature needs of a connector, by the names that blueprints give it.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
 */
import * as Reserved from "./ReservedParameters.ts"
import type { Connector } from "./Connector.ts"

/** Names of a credential, the connector's own first, AWS's environment names second. */
export const accessKey = [Reserved.accessKey, Reserved.awsAccessKeyId] as const
export const secretKey = [Reserved.secretKey, Reserved.awsSecretAccessKey] as const
export const sessionToken = [Reserved.sessionToken, Reserved.awsSessionToken] as const

/** What names keys that are kept elsewhere. */
export const borrowed = [Reserved.roleArn, Reserved.secretArn] as const

/** The parameter by which a connector asks to sign as the server itself: `"aws_identity": "server"`. It is no secret, so that everybody sees it. */
export const identity = Reserved.awsIdentity

/** The first of `names` that a credential has. */
export const nameIn = (credential: object, names: ReadonlyArray<string>): string | undefined =>
  names.find((name) => Object.hasOwn(credential, name))

/** The region that stands in the host of an AWS endpoint, for a connector that does not give it: `https://service.us-east-1.amazonaws.com/`. */
export const regionOfHost = ({ actions }: Pick<Connector, "actions">): string | undefined =>
  actions.map(({ url }) => awsHost.exec(url)?.[1]).find((region) => region !== undefined)

// Endpoints of a VPC, and those of services such as OpenSearch, have one more label after the region.
const awsHost =
  /^https:\/\/(?:[a-z0-9-]+\.)+?([a-z]{2}(?:-[a-z]+)+-\d)(?:\.[a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?(?:[/:?]|$)/i
