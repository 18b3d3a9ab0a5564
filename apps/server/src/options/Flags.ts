/** What the operator says at the start: flags, else environment variables, else defaults. */
import { isIP } from "node:net"
import { join } from "node:path"
import { parseArgs } from "node:util"
import * as CredentialServices from "@drawbar/connector-runtime/auth/CredentialServices"
import * as Proxy from "@drawbar/egress/Proxy"
import * as SecretHosts from "@drawbar/deployments/SecretHosts"
import { Result } from "effect"
import type * as Chain from "../aws/Chain.ts"
import type * as OwnToken from "../google/OwnToken.ts"
import * as OtlpSettings from "../telemetry/OtlpSettings.ts"
import * as Vault from "../secrets/Vault.ts"

export interface Flags {
  readonly help: boolean
  readonly host: string
  /** 0 for any that is free. */
  readonly port: number
  /** The folder of the database; `:memory:` for none. */
  readonly data: string
  /** The key ring's file, or `env:NAME` or `command:LINE`, which give its text; unused where the data is in memory. */
  readonly keyring: string
  readonly settings: string | undefined
  /** `host:port` of a connector's URL to the `address:port` that is connected to in its place. */
  readonly connectTo: Readonly<Record<string, string>>
  readonly caFiles: ReadonlyArray<string>
  readonly allowedHosts: ReadonlyArray<string>
  /** Whether each request is logged. */
  readonly logsRequests: boolean
  /** Whether everybody has to say who he is. */
  readonly auth: boolean
  /** The file of the issuer whose tokens say who asks. */
  readonly jwt: string | undefined
  /** The file of the audit log. */
  readonly audit: string | undefined
  /** Whether changes are refused while the audit log cannot be written; absent: they are not. */
  readonly auditRequired?: true
  readonly allowUnverifiedTls: boolean
  readonly otlp: OtlpSettings.OtlpSettings | undefined
  readonly proxy: Proxy.Proxy | undefined
  /** Where the server's own keys of AWS come from. */
  readonly awsCredentials: Chain.Choice | undefined
  /** The services of AWS that connectors may sign for as the server. */
  readonly awsSignFor: ReadonlyArray<string>
  /** The secrets of AWS Secrets Manager that connectors may name. */
  readonly awsSecrets: ReadonlyArray<string>
  /** Where the server's own tokens of Google Cloud come from. */
  readonly googleCredentials?: OwnToken.Source
  /** The roles that connectors may take on; absent: all that AWS gives to the server's keys. */
  readonly awsRoles?: ReadonlyArray<string>
  readonly vault: Vault.Vault | undefined
  /** The folder of files that connectors may name in place of secrets. */
  readonly secrets: string | undefined
  /** To which hosts secrets of the operator's may be sent; absent: to all that are trusted. */
  readonly secretHosts?: ReadonlyArray<SecretHosts.SecretHost>
  readonly tls: { readonly cert: string; readonly key: string } | undefined
}

export const usage = `Usage: drawbar-server [flags]

  --host HOST          where to listen; beyond loopback only
                       with --auth on and TLS                DRAWBAR_HOST        127.0.0.1
  --port PORT          0 for any that is free                DRAWBAR_PORT        9200
  --data FOLDER        the database; :memory: for none       DRAWBAR_DATA        ./data
  --keyring FILE       the keys that seal credentials; or
                       env:VARIABLE, or command:LINE that prints
                       them, where they are kept elsewhere   DRAWBAR_KEYRING     <data>/keyring.json
  --settings FILE      cluster settings as JSON              DRAWBAR_SETTINGS
  --connect-to HOST:PORT:ADDRESS:PORT
                       connects HOST:PORT to ADDRESS:PORT,
                       which is trusted; repeatable          DRAWBAR_CONNECT_TO  (commas between)
  --ca-file FILE       further authorities, PEM; repeatable  DRAWBAR_CA_FILE     (commas between)
  --allow-host HOST:PORT
                       a further name by which this server
                       may be called; repeatable             DRAWBAR_ALLOW_HOST  (commas between)
  --auth on|off        everybody has to say who he is, by API
                       key or Basic credentials              DRAWBAR_AUTH        off
  --jwt FILE           an issuer whose tokens say who asks, too;
                       docs/operating.md has an example      DRAWBAR_JWT
  --audit FILE         a line of JSON for each change, and for
                       each request that was turned away     DRAWBAR_AUDIT
  --audit-required     refuses changes with 503 while the audit
                       log cannot be written                 DRAWBAR_AUDIT_REQUIRED=on
  --tls-cert FILE, --tls-key FILE
                       PEM; read again when they change      DRAWBAR_TLS_CERT, DRAWBAR_TLS_KEY
  --behind-proxy       a proxy before it ends TLS            DRAWBAR_BEHIND_PROXY=on
  --aws-credentials off|env|default
                       connectors with a roleArn may act in roles
                       that the server's own keys of AWS may take on:
                       env: those in AWS_ACCESS_KEY_ID and the like;
                       default: these, else a profile's, a web
                       identity's, a container's, or the instance's
                                                             DRAWBAR_AWS_CREDENTIALS off
  --aws-sign-for SERVICE
                       connectors with aws_identity may sign for
                       SERVICE as the server itself, such as
                       bedrock; repeatable                   DRAWBAR_AWS_SIGN_FOR  (commas between)
  --aws-secret ARN     a secret of AWS Secrets Manager that
                       connectors may name as secretArn; all that
                       begin so with * at the end; repeatable
                                                             DRAWBAR_AWS_SECRET  (commas between)
  --google-credentials off|file|metadata
                       connectors of protocol google_cloud with
                       auth_mode adc call Vertex AI as the server:
                       file: by GOOGLE_APPLICATION_CREDENTIALS or
                       what gcloud keeps; metadata: by the machine's
                       metadata service                      DRAWBAR_GOOGLE_CREDENTIALS off
  --aws-role ARN       a role that connectors may take on, and no
                       other; all that begin so with * at the
                       end; repeatable                       DRAWBAR_AWS_ROLE    (commas between)
  --allow-unverified-tls
                       connectors may set skip_ssl_verification
                                                             DRAWBAR_ALLOW_UNVERIFIED_TLS=on
  --secrets FOLDER     files that a credential may name as file:NAME;
                       variables DRAWBAR_SECRET_… as env:NAME
                                                             DRAWBAR_SECRETS
  --vault-prefix PATH  what is below PATH in the Vault of VAULT_ADDR
                       may be named as vault:PATH#FIELD      DRAWBAR_VAULT_PREFIX
  --bind-secret REFERENCE=HOST
                       sends what REFERENCE names (env:NAME, file:NAME,
                       vault:PATH#FIELD or an ARN) to HOST and nowhere
                       else; all that begin so with * at the end of
                       REFERENCE; repeatable                 DRAWBAR_BIND_SECRET (commas between)
  --log on|off         a line of JSON for each request,
                       on standard error                     DRAWBAR_LOG         on
  --help               this text

Spans and metrics go to the collector in OTEL_EXPORTER_OTLP_ENDPOINT; docs/operating.md has its other variables.
Connections to platforms leave by the proxy in HTTPS_PROXY, but for the hosts in NO_PROXY.
`

const one = { type: "string" } as const
const many = { type: "string", multiple: true } as const
const either = { type: "boolean" } as const

const texts = {
  host: one,
  port: one,
  data: one,
  keyring: one,
  settings: one,
  log: one,
  auth: one,
  "tls-cert": one,
  "tls-key": one,
  "aws-credentials": one,
  "google-credentials": one,
  "vault-prefix": one,
  secrets: one,
  jwt: one,
  audit: one,
}
const lists = {
  "connect-to": many,
  "ca-file": many,
  "allow-host": many,
  "aws-sign-for": many,
  "aws-secret": many,
  "aws-role": many,
  "bind-secret": many,
}
const switches = { "behind-proxy": either, "audit-required": either, "allow-unverified-tls": either }
const options = { ...texts, ...lists, ...switches, help: either }

/** What stands for a flag that is not given. */
const variableOf = (flag: string): string => `DRAWBAR_${flag.toUpperCase().replaceAll("-", "_")}`

type Environment = Readonly<Record<string, string | undefined>>

/** Reads the arguments after the program's name; fails with a sentence that says which of them is wrong. */
export const read = (args: ReadonlyArray<string>, variables: Environment): Result.Result<Flags, string> =>
  Result.gen(function* () {
    const environment = filled(variables)
    const given = yield* Result.try({
      try: () => parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values,
      catch: (cause) => (cause instanceof Error ? cause.message : String(cause)),
    })
    const text = (flag: keyof typeof texts) => given[flag] ?? environment[variableOf(flag)]
    const list = (flag: keyof typeof lists) => given[flag] ?? listed(environment[variableOf(flag)])
    const isOn = (flag: keyof typeof switches) =>
      given[flag] === undefined ? switched(variableOf(flag), environment) : Result.succeed(given[flag])
    const auth = yield* onOrOff("--auth", text("auth") ?? "off")
    const behindProxy = yield* isOn("behind-proxy")
    const tls = yield* tlsPair(text("tls-cert"), text("tls-key"))
    const awsCredentials = yield* awsChoice(text("aws-credentials") ?? "off", environment)
    const awsRoles = yield* roles(awsCredentials, list("aws-role"))
    const secretHosts = yield* Result.all(list("bind-secret").map(secretHost))
    const auditRequired = yield* withAudit(yield* isOn("audit-required"), text("audit"))
    const data = text("data") ?? "./data"
    return {
      help: given.help ?? false,
      host: yield* reachable(text("host") ?? "127.0.0.1", auth && (tls !== undefined || behindProxy)),
      port: yield* port(text("port") ?? "9200"),
      data,
      keyring: text("keyring") ?? join(data, "keyring.json"),
      settings: text("settings"),
      connectTo: Object.fromEntries(yield* Result.all(list("connect-to").map(redirection))),
      caFiles: list("ca-file"),
      allowedHosts: yield* Result.all(list("allow-host").map(hostName)),
      logsRequests: yield* onOrOff("--log", text("log") ?? "on"),
      auth,
      secrets: text("secrets"),
      jwt: yield* onlyWith(auth, "--jwt", text("jwt")),
      audit: text("audit"),
      allowUnverifiedTls: yield* isOn("allow-unverified-tls"),
      proxy: yield* Proxy.read(environment),
      otlp: yield* OtlpSettings.read(environment),
      tls,
      awsCredentials,
      awsSignFor: yield* services(awsCredentials, list("aws-sign-for")),
      awsSecrets: yield* arns(awsCredentials, list("aws-secret")),
      ...(yield* googleSource(text("google-credentials") ?? "off")),
      vault: yield* Vault.read(text("vault-prefix"), environment),
      ...(auditRequired ? { auditRequired } : {}),
      ...(awsRoles.length === 0 ? {} : { awsRoles }),
      ...(secretHosts.length === 0 ? {} : { secretHosts }),
    }
  })

/** What is set to nothing is not set. */
const filled = (environment: Environment): Environment =>
  Object.fromEntries(Object.entries(environment).filter(([, text]) => text !== ""))

const listed = (text: string | undefined): ReadonlyArray<string> =>
  (text ?? "").split(",").flatMap((part) => part.trim() || [])

// Whoever reaches the port spends the operator's keys: from outside only who says who he is, and what nobody else can read.
const reachable = (host: string, isGuarded: boolean): Result.Result<string, string> =>
  isGuarded || host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host)
    ? Result.succeed(host)
    : Result.fail(
        `Drawbar does not listen on ${host} for everybody: whoever reaches it spends your keys. ` +
          `Add --auth on, and --tls-cert and --tls-key (or --behind-proxy where a proxy ends TLS); or use --host 127.0.0.1.`,
      )

const port = (text: string): Result.Result<number, string> =>
  /^\d{1,5}$/.test(text) && Number(text) <= 65_535
    ? Result.succeed(Number(text))
    : Result.fail(`--port ${text} is not a number from 0 to 65535.`)

const onOrOff = (flag: string, text: string): Result.Result<boolean, string> =>
  text === "on" || text === "off"
    ? Result.succeed(text === "on")
    : Result.fail(`${flag} ${text} is neither on nor off.`)

const switched = (variable: string, environment: Environment): Result.Result<boolean, string> =>
  onOrOff(variable, environment[variable] ?? "off")

const hostName = (text: string): Result.Result<string, string> =>
  /^(\[[\da-f:.]+\]|[^\s:/?#@[\]]+)(:\d{1,5})?$/i.test(text)
    ? Result.succeed(text)
    : Result.fail(`--allow-host ${text} is not HOST:PORT, such as drawbar.internal:9200.`)

const onlyWith = (auth: boolean, flag: string, file: string | undefined): Result.Result<string | undefined, string> =>
  file === undefined || auth
    ? Result.succeed(file)
    : Result.fail(`${flag} ${file} says who may ask, but nobody is asked who he is: add --auth on.`)

const withAudit = (isRequired: boolean, file: string | undefined): Result.Result<boolean, string> =>
  isRequired && file === undefined
    ? Result.fail("--audit-required needs an audit log: add --audit FILE.")
    : Result.succeed(isRequired)

/** https://docs.aws.amazon.com/sdkref/latest/guide/environment-variables.html */
const awsChoice = (choice: string, environment: Environment): Result.Result<Chain.Choice | undefined, string> => {
  if (choice === "off") return Result.succeed(undefined)
  if (choice === "default") return Result.succeed(choice)
  if (choice !== "env") return Result.fail(`--aws-credentials ${choice} is none of off, env and default.`)
  return environment["AWS_ACCESS_KEY_ID"] && environment["AWS_SECRET_ACCESS_KEY"]
    ? Result.succeed(choice)
    : Result.fail("--aws-credentials env, but AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both set.")
}

const googleSources: ReadonlyArray<OwnToken.Source> = ["file", "metadata"]

const googleSource = (choice: string): Result.Result<Pick<Flags, "googleCredentials">, string> => {
  const source = googleSources.find((known) => known === choice)
  if (source !== undefined) return Result.succeed({ googleCredentials: source })
  return choice === "off"
    ? Result.succeed({})
    : Result.fail(`--google-credentials ${choice} is not one of [off, ${googleSources.join(", ")}].`)
}

const services = (
  identity: Chain.Choice | undefined,
  names: ReadonlyArray<string>,
): Result.Result<ReadonlyArray<string>, string> => {
  const odd = names.find((name) => !/^[a-z0-9-]+$/.test(name) || CredentialServices.has(name))
  return odd === undefined
    ? needing(identity, "--aws-sign-for", names)
    : Result.fail(
        CredentialServices.has(odd)
          ? `--aws-sign-for ${odd} would let connectors fetch keys or secrets as this server.`
          : `--aws-sign-for ${odd} is not the signing name of a service, such as bedrock.`,
      )
}

const arns = (
  identity: Chain.Choice | undefined,
  entries: ReadonlyArray<string>,
): Result.Result<ReadonlyArray<string>, string> => {
  const odd = entries.find((entry) => !/^arn:aws[a-z-]*:secretsmanager:[^*]*\*?$/.test(entry))
  return odd === undefined
    ? needing(identity, "--aws-secret", entries)
    : Result.fail(
        `--aws-secret ${odd} is not of the form arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME, with at most a * at its end.`,
      )
}

const roles = (
  identity: Chain.Choice | undefined,
  entries: ReadonlyArray<string>,
): Result.Result<ReadonlyArray<string>, string> => {
  const odd = entries.find((entry) => !/^arn:aws[a-z-]*:iam::\d{12}:role\/[^*]*\*?$/.test(entry))
  return odd === undefined
    ? needing(identity, "--aws-role", entries)
    : Result.fail(`--aws-role ${odd} is not of the form arn:aws:iam::ACCOUNT:role/NAME, with at most a * at its end.`)
}

const secretHost = (text: string): Result.Result<SecretHosts.SecretHost, string> =>
  Result.mapError(SecretHosts.read(text), (why) => `--bind-secret ${text} ${why}.`)

const needing = (
  identity: Chain.Choice | undefined,
  flag: string,
  entries: ReadonlyArray<string>,
): Result.Result<ReadonlyArray<string>, string> =>
  entries.length === 0 || identity !== undefined
    ? Result.succeed(entries)
    : Result.fail(`${flag} ${entries[0]} needs an identity of this server's own: add --aws-credentials.`)

const tlsPair = (cert: string | undefined, key: string | undefined): Result.Result<Flags["tls"], string> => {
  if (cert === undefined && key === undefined) return Result.succeed(undefined)
  return cert === undefined || key === undefined
    ? Result.fail("--tls-cert and --tls-key go together: a certificate is nothing without its key.")
    : Result.succeed({ cert, key })
}

const redirection = (text: string): Result.Result<readonly [string, string], string> => {
  const [, from, to, address = ""] = /^((?:\[[^\]]+\]|[^:]+):\d{1,5}):((\[[^\]]+\]|[^:]+):\d{1,5})$/.exec(text) ?? []
  return from !== undefined && to !== undefined && isIP(address.replaceAll(/^\[|\]$/g, "")) > 0
    ? Result.succeed([from, to])
    : Result.fail(`--connect-to ${text} is not HOST:PORT:ADDRESS:PORT, such as api.cohere.ai:443:127.0.0.1:8443.`)
}
