/** Every flag of the server: the one source of what is parsed, of `--help` and of the tables in docs/configuration.md. */

/** Sections of the help text and of the page, in their order. */
const sections = {
  listen: "Listen",
  store: "Records, keys and settings",
  access: "Authentication and audit",
  outbound: "Outbound connections",
  secrets: "Secrets kept elsewhere",
  cloud: "Identity of the server with AWS and Google Cloud",
  other: "Other",
} as const

export interface Row {
  readonly type: "string" | "boolean"
  readonly multiple?: true
  readonly section: keyof typeof sections
  /** The metavariable of the value in the help text; absent for a boolean flag. */
  readonly value?: string
  /** The default as the help text shows it. */
  readonly fallback?: string
  readonly description: string
}

export const table = {
  host: {
    type: "string",
    section: "listen",
    value: "HOST",
    fallback: "127.0.0.1",
    description: "The address to listen on. An address beyond loopback requires --auth on and TLS.",
  },
  port: {
    type: "string",
    section: "listen",
    value: "PORT",
    fallback: "9200",
    description: "The port to listen on; 0 picks a free one.",
  },
  "tls-cert": {
    type: "string",
    section: "listen",
    value: "FILE",
    description: "The certificate chain (PEM), with --tls-key. Read again when the file changes.",
  },
  "tls-key": {
    type: "string",
    section: "listen",
    value: "FILE",
    description: "The private key of --tls-cert (PEM). Read again when the file changes.",
  },
  "behind-proxy": {
    type: "boolean",
    section: "listen",
    description: "TLS is terminated by a reverse proxy in front of this server.",
  },
  "allow-host": {
    type: "string",
    multiple: true,
    section: "listen",
    value: "HOST:PORT",
    description: "An extra allowed Host header while --auth is off.",
  },
  workers: {
    type: "string",
    section: "listen",
    value: "N|auto",
    fallback: "1",
    description: "How many processes serve the port, so that all cores are used; auto: one for each core.",
  },
  data: {
    type: "string",
    section: "store",
    value: "FOLDER",
    fallback: "./data",
    description: "The folder of the database (SQLite). :memory: keeps records in memory only.",
  },
  database: {
    type: "string",
    section: "store",
    value: "URL",
    description:
      "A PostgreSQL database in place of SQLite, which any number of servers may share: postgres://USER@HOST:PORT/DATABASE. " +
      "?sslmode= may be disable, require, verify-ca or verify-full (the default; on loopback: disable), and sslrootcert= the file of an authority.",
  },
  "database-password": {
    type: "string",
    section: "store",
    value: "env:VARIABLE|file:PATH",
    description: "The password of --database. A file is read again for each connection.",
  },
  "database-pool": {
    type: "string",
    section: "store",
    value: "N",
    fallback: "8",
    description:
      "How many connections to --database each process opens at most, and two more for the changes of others.",
  },
  "database-timeout": {
    type: "string",
    section: "store",
    value: "MILLISECONDS",
    fallback: "30000",
    description: "How long one statement in --database may take.",
  },
  keyring: {
    type: "string",
    section: "store",
    value: "FILE",
    fallback: "keyring.json in the data folder",
    description:
      "The encryption keys for credentials, a file of mode 0600: back it up apart from the records. " +
      "env:VARIABLE or command:LINE reads the keys from a variable or from the output of a command.",
  },
  limits: {
    type: "string",
    section: "store",
    value: "process|shared",
    fallback: "process",
    description:
      "Where rate limits, quotas and wrong passwords are counted. process: each process counts its own; " +
      "shared: all processes of --database count together.",
  },
  settings: {
    type: "string",
    section: "store",
    value: "FILE",
    description: "Cluster settings (JSON) that apply from the start.",
  },
  prices: {
    type: "string",
    section: "store",
    value: "FILE",
    description:
      'Prices of models (JSON), before those that come with the server: {"models": {"NAME": {"input": 2.5, "output": 10}}}, in USD for a million tokens.',
  },
  auth: {
    type: "string",
    section: "access",
    value: "on|off",
    fallback: "off",
    description: "on: callers must authenticate with an API key, Basic credentials or a token.",
  },
  jwt: {
    type: "string",
    section: "access",
    value: "FILE",
    description:
      "The issuer (JSON) whose tokens authenticate callers; docs/operating.md has an example. Requires --auth on.",
  },
  audit: {
    type: "string",
    section: "access",
    value: "FILE",
    description: "Appends one JSON line per change and per rejected request.",
  },
  "audit-required": {
    type: "boolean",
    section: "access",
    description: "Rejects changes with 503 while the audit log cannot be written. Requires --audit.",
  },
  "ca-file": {
    type: "string",
    multiple: true,
    section: "outbound",
    value: "FILE",
    description: "Additional certificate authorities to trust (PEM).",
  },
  "connect-to": {
    type: "string",
    multiple: true,
    section: "outbound",
    value: "HOST:PORT:ADDRESS:PORT",
    description: "Connects to ADDRESS:PORT in place of HOST:PORT, like curl's --connect-to. The address is trusted.",
  },
  "allow-unverified-tls": {
    type: "boolean",
    section: "outbound",
    description: "Lets connectors set skip_ssl_verification.",
  },
  secrets: {
    type: "string",
    section: "secrets",
    value: "FOLDER",
    description:
      "Files that credentials may reference as file:NAME. Variables DRAWBAR_SECRET_… may be referenced as env:NAME without this flag.",
  },
  "vault-prefix": {
    type: "string",
    section: "secrets",
    value: "PATH",
    description:
      "The path in HashiCorp Vault (VAULT_ADDR) below which credentials may reference secrets as vault:PATH#FIELD.",
  },
  "aws-secret": {
    type: "string",
    multiple: true,
    section: "secrets",
    value: "ARN",
    description:
      "A secret of AWS Secrets Manager that connectors may reference as secretArn; a trailing * matches a prefix. Requires --aws-credentials.",
  },
  "bind-secret": {
    type: "string",
    multiple: true,
    section: "secrets",
    value: "REFERENCE=HOST",
    description:
      "Sends the secret of REFERENCE (env:NAME, file:NAME, vault:PATH#FIELD or an ARN) to HOST only; a trailing * of REFERENCE matches a prefix.",
  },
  "aws-credentials": {
    type: "string",
    section: "cloud",
    value: "off|env|default",
    fallback: "off",
    description:
      "Where the server's own AWS keys come from. env: AWS_ACCESS_KEY_ID and its companions; " +
      "default: these, else a profile, a web identity, a container or the instance. Connectors with a roleArn may assume roles with them.",
  },
  "aws-role": {
    type: "string",
    multiple: true,
    section: "cloud",
    value: "ARN",
    description:
      "A role that connectors may assume; a trailing * matches a prefix. Without this flag AWS alone decides. Requires --aws-credentials.",
  },
  "aws-sign-for": {
    type: "string",
    multiple: true,
    section: "cloud",
    value: "SERVICE",
    description:
      "An AWS service, such as bedrock, for which connectors with aws_identity sign as this server. Requires --aws-credentials.",
  },
  "google-credentials": {
    type: "string",
    section: "cloud",
    value: "off|file|metadata",
    fallback: "off",
    description:
      "How google_cloud connectors with auth_mode adc call Vertex AI as this server. file: GOOGLE_APPLICATION_CREDENTIALS or the file of gcloud; " +
      "metadata: the machine's metadata service.",
  },
  log: {
    type: "string",
    section: "other",
    value: "on|off",
    fallback: "on",
    description: "Writes one JSON line per request to standard error, without body, query or secret.",
  },
  "warm-up": {
    type: "string",
    section: "other",
    value: "on|off",
    fallback: "on",
    description:
      "Calls a model of its own on loopback for the first second, so that the first callers meet compiled code.",
  },
} as const satisfies Record<string, Row>

export type Name = keyof typeof table

export type Named = readonly [flag: string, Row]

export const rows: ReadonlyArray<Named> = Object.entries(table)

/** The environment variable that a flag is read from when it is not given. */
export const variableOf = (flag: string): string => `DRAWBAR_${flag.toUpperCase().replaceAll("-", "_")}`

const variableText = ([flag, { type, multiple }]: Named): string => {
  if (type === "boolean") return `${variableOf(flag)}=on`
  return multiple === true ? `${variableOf(flag)} (comma-separated)` : variableOf(flag)
}

export const flagText = ([flag, { value }]: Named): string => (value === undefined ? `--${flag}` : `--${flag} ${value}`)

export const bySection = Object.entries(sections).map(
  ([section, title]) => [title, rows.filter(([, row]) => row.section === section)] as const,
)

/** The description in the help text, with the variable and the default. */
export const descriptionOf = (row: Named): string => {
  const [, { description, multiple, fallback }] = row
  const origin = [variableText(row), fallback === undefined ? "" : `default ${fallback}`].filter((part) => part !== "")
  const whole = multiple === true ? `${description} Repeatable.` : description
  return origin.length === 0 ? whole : `${whole} [${origin.join(", ")}]`
}
