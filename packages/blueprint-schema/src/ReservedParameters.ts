/**
 * The names of parameters and credentials that Drawbar itself reads, each in one place: the runtime, lint, the JSON Schema and
 * docs/parameters.md derive from them. Any other name is the author's own and fills placeholders only.
 */
import type { ConnectorProtocol } from "./ConnectorProtocol.ts"

// Signing and tokens.
export const region = "region"
export const serviceName = "service_name"
export const awsIdentity = "aws_identity"
export const authMode = "auth_mode"
export const projectId = "project_id"
export const location = "location"
export const model = "model"
export const scopes = "scopes"
export const tokenUrl = "oauth2_token_url"
export const tokenScope = "oauth2_scope"

// The request.
export const httpBody = "http_body"
export const charset = "charset"
export const skipMissing = "skip_validating_missing_parameters"
export const noEscape = "no_escape_params"
export const stepSize = "input_docs_processed_step_size"
export const inputProcessors = "input_processors"

// The response.
export const responseFilter = "response_filter"
export const outputProcessors = "output_processors"
export const llmInterface = "_llm_interface"
export const streamDeltaPath = "stream_delta_path"
export const streamUsage = "stream_usage"

// Credentials.
export const accessKey = "access_key"
export const awsAccessKeyId = "aws_access_key_id"
export const secretKey = "secret_key"
export const awsSecretAccessKey = "aws_secret_access_key"
export const sessionToken = "session_token"
export const awsSessionToken = "aws_session_token"
export const roleArn = "roleArn"
export const externalId = "externalId"
export const secretArn = "secretArn"
export const clientId = "client_id"
export const clientSecret = "client_secret"
export const googleServiceAccount = "google_service_account"
export const privateKey = "private_key"
export const privateKeyId = "private_key_id"
export const clientEmail = "client_email"
export const tokenUri = "token_uri"
export const clientCertPem = "client_cert_pem"
export const clientKeyPem = "client_key_pem"
export const clientCertPkcs12 = "client_cert_pkcs12"
export const keystorePassword = "keystore_password"
export const caCertPem = "ca_cert_pem"

/** A member of the secret that `secretArn` names, as templates and the runtime name it. */
export const secretMember = (name: string): string => `${secretArn}.${name}`

/** A switch of a pre-process script, such as `convert_input_to_json_string`. */
export const scriptSwitch = (name: string): string => `pre_process_function.${name}`

/** The parameter that replaces a field of the body, where an action supports structured output. */
export const replacementOf = (field: string): string => `_${field}_json`
/** The parameter that is merged into that field. */
export const additionsOf = (field: string): string => `_${field}_additions_json`

/** Filters and chains of processors: a call may bring its own, which outrank the connector's. */
export const callerFilters = [responseFilter, inputProcessors, outputProcessors] as const

export interface ReservedParameter {
  readonly name: string
  /** A sentence without its full stop, for the JSON Schema and the docs. */
  readonly description: string
  /** Read only for connectors of this protocol. */
  readonly protocol?: ConnectorProtocol
  /** Who sets it: the connector's author alone, or a call as well, which outranks the connector. */
  readonly setBy: "connector" | "connector or call"
  /** An author's own name under any other protocol, for which lint requires a placeholder. */
  readonly isShared?: boolean
}

const own = (name: string, description: string, protocol?: ConnectorProtocol): ReservedParameter => ({
  name,
  description,
  setBy: "connector",
  ...(protocol === undefined ? {} : { protocol }),
})
const either = (name: string, description: string): ReservedParameter => ({
  name,
  description,
  setBy: "connector or call",
})

export const parameters: ReadonlyArray<ReservedParameter> = [
  own(region, "The AWS region of the signature; defaults to the region in the host of the URL", "aws_sigv4"),
  own(serviceName, "The signing name of the AWS service, such as bedrock", "aws_sigv4"),
  own(awsIdentity, "server: sign with the server's own AWS identity, where its operator allows it", "aws_sigv4"),
  own(authMode, "service_account: the key in the credential; adc: the server's own Google identity", "google_cloud"),
  { ...own(projectId, "The Google Cloud project; a placeholder of the URL", "google_cloud"), isShared: true },
  { ...own(location, "The location of Vertex AI; a placeholder of the URL", "google_cloud"), isShared: true },
  { ...own(model, "The model of Vertex AI; a placeholder of the URL", "google_cloud"), isShared: true },
  own(
    scopes,
    "The scopes of the access token, with spaces or commas between them; cloud-platform if absent",
    "google_cloud",
  ),
  own(tokenUrl, "The URL that gives access tokens for client_id and client_secret", "http"),
  own(tokenScope, "The scope of these access tokens, or of those of google_service_account", "http"),
  either(httpBody, "The body of an action that has no request_body"),
  either(charset, "The character set of the request's body: UTF-8, or a superset of ASCII"),
  either(skipMissing, "true: a placeholder without a value stays in place, in strings and text bodies"),
  own(noEscape, "Accepted without effect: the position of a placeholder determines how its value is escaped"),
  own(stepSize, "How many documents of text_docs one call carries"),
  either(
    inputProcessors,
    "A chain of processors: the connector's changes the body, a call's changes the call's parameters",
  ),
  either(responseFilter, "The JSONPath of the part of the response that is the result"),
  either(outputProcessors, "A chain of processors that changes the result"),
  either(llmInterface, "The format of the provider's stream, if it cannot be derived from the URL"),
  either(streamDeltaPath, "The JSONPath of the text in one event of a stream"),
  either(streamUsage, "false: does not request token usage for a stream"),
]

export interface ReservedCredential {
  readonly name: string
  readonly description: string
  /** What reads it: a protocol, mutual TLS, or what acts for the connector at AWS. */
  readonly readBy: ConnectorProtocol | "mutual TLS" | "aws_sigv4 or secretArn"
}

const secret = (name: string, readBy: ReservedCredential["readBy"], description: string): ReservedCredential => ({
  name,
  description,
  readBy,
})

export const credentials: ReadonlyArray<ReservedCredential> = [
  secret(accessKey, "aws_sigv4", "The id of an AWS access key"),
  secret(awsAccessKeyId, "aws_sigv4", "Another name of access_key"),
  secret(secretKey, "aws_sigv4", "The secret of that key"),
  secret(awsSecretAccessKey, "aws_sigv4", "Another name of secret_key"),
  secret(sessionToken, "aws_sigv4", "The session token of temporary keys"),
  secret(awsSessionToken, "aws_sigv4", "Another name of session_token"),
  secret(region, "aws_sigv4", "As the parameter, where that is absent"),
  secret(serviceName, "aws_sigv4", "As the parameter, where that is absent"),
  secret(roleArn, "aws_sigv4 or secretArn", "The role to sign requests or fetch the secret with"),
  secret(externalId, "aws_sigv4 or secretArn", "The external id that the role requires"),
  secret(
    secretArn,
    "aws_sigv4 or secretArn",
    "The secret in AWS Secrets Manager whose members are used as credentials",
  ),
  secret(clientId, "http", "The client that access tokens are fetched for"),
  secret(clientSecret, "http", "The secret of that client"),
  secret(googleServiceAccount, "http", "The key file of a Google service account, as JSON"),
  secret(privateKey, "google_cloud", "The private key of a Google service account, as PEM"),
  secret(privateKeyId, "google_cloud", "The id of that key"),
  secret(clientEmail, "google_cloud", "The email address of the service account"),
  secret(tokenUri, "google_cloud", "Google's token endpoint, as key files have it"),
  secret(clientCertPem, "mutual TLS", "The client's certificate, as PEM or PEM in base64"),
  secret(clientKeyPem, "mutual TLS", "The key of that certificate"),
  secret(clientCertPkcs12, "mutual TLS", "Certificate and key as PKCS #12, in base64"),
  secret(keystorePassword, "mutual TLS", "The password of the key or of the PKCS #12 archive"),
  secret(caCertPem, "mutual TLS", "The certificates that the provider's certificate is checked with"),
]

const always: ReadonlySet<string> = new Set(
  parameters.filter(({ isShared = false }) => !isShared).map(({ name }) => name),
)

/** Whether Drawbar reads a parameter by its name, whether or not a template uses it. */
export const isRead = (name: string, protocol: unknown): boolean =>
  always.has(name) ||
  /^(?:pre|post)_process_function\./.test(name) ||
  /^_\w+_json$/.test(name) ||
  parameters.some((reserved) => reserved.name === name && reserved.protocol === protocol)

/**
 * What template-renderer does not know of connectors: which parameters only their authors may set, which headers are signed, and
 * which credential stands for several.
 */
export const templates = {
  url: { fixed: [region, serviceName] },
  headers: { fixedPrefix: "x-amz-", credentialMaps: [secretArn] },
  body: { skipMissing },
  /** The body of an action without `request_body`. */
  withoutBody: `\${parameters.${httpBody}:-}`,
} as const
