/**
 * Services of AWS that give out keys, tokens or secrets in their answers. An identity that a connector borrows, be it a role or the
 * server's own, signs nothing for them: the answer would hand the identity itself to the caller.
 * Source: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
 */

/** By their signing names, which also stand in their hosts. */
const names: ReadonlySet<string> = new Set([
  "airflow",
  "apigateway",
  "codeartifact",
  "cognito-identity",
  "cognito-idp",
  "credentials",
  "datazone",
  "deadline",
  "ecr",
  "ecr-public",
  "elasticmapreduce",
  "emr-containers",
  "finspace",
  "gamelift",
  "grafana",
  "iam",
  "identitystore",
  "iot",
  "kms",
  "lakeformation",
  "lightsail",
  "oidc",
  "rds-db",
  "redshift",
  "redshift-serverless",
  "rolesanywhere",
  "s3express",
  "secretsmanager",
  "signin",
  "ssm",
  "ssm-guiconnect",
  "ssmmessages",
  "sso",
  "sso-oauth",
  "awsssooidc",
  "awsssoportal",
  "awsssodirectory",
  "sts",
])

/** Whether a signing name is that of such a service. */
export const has = (service: string): boolean => names.has(service.trim().toLowerCase())

/** The first host that is one of such a service, in any of its endpoints: regional, FIPS, dual stack, or in a network of one's own. */
export const hostOf = (origins: Iterable<string>): string | undefined =>
  [...origins]
    .map((origin) => URL.parse(origin)?.hostname ?? "")
    .find((host) => isAws(host) && host.split(".").some((label) => has(label.replace(/-fips$/, ""))))

const isAws = (host: string): boolean => /\.(?:amazonaws\.com(?:\.cn)?|amazonaws\.eu|aws|aws\.amazon\.com)$/.test(host)
