/**
 * AWS on loopback: its token service, Bedrock, Secrets Manager, a container endpoint and an instance metadata service;
 * and a server that uses them.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Answer from "@drawbar/stub-platform/Answer"
import * as AwsSignature from "@drawbar/stub-platform/AwsSignature"
import * as Received from "@drawbar/stub-platform/Received"
import * as StubPlatform from "@drawbar/stub-platform/StubPlatform"
import { assert } from "vitest"
import type { StartOptions } from "../src/options/StartOptions.ts"
import { type Answered, ask } from "./AuthenticatedServer.ts"
import * as InProcess from "./InProcess.ts"

const ml = "/_plugins/_ml"
export const region = "us-east-1"
export const roleArn = "arn:aws:iam::123456789012:role/models"
export const webToken = "the-token-of-the-pod"
export const containerToken = "the-token-of-the-container"

/** The known identities by access key. */
const known = ["VARIABLES", "FILE", "OTHERFILE", "ROLE", "CONTAINER", "INSTANCE", "INSECRET"] as const
export type Who = (typeof known)[number]
export const keysOf = (who: Who) => ({
  accessKeyId: `AKID${who}`,
  secretAccessKey: `secret/of+${who.toLowerCase()}`,
  ...(who === "VARIABLES" || who === "FILE" || who === "OTHERFILE" || who === "INSECRET"
    ? {}
    : { sessionToken: `token-of-${who.toLowerCase()}==` }),
})

/** The signer, or AWS's response to an invalid signature. */
const signer = (received: Received.Received, service: string): Who | Answer.Response => {
  const output = /Credential=AKID([A-Z]+)\//.exec(Received.header(received, "authorization") ?? "")?.[1]
  const who = known.find((name) => name === output) ?? "VARIABLES"
  return AwsSignature.refuse(received, { ...keysOf(who), region, service }) ?? who
}

const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString()

const temporary = (who: Who) => {
  const { accessKeyId, secretAccessKey, sessionToken } = keysOf(who)
  const keys = { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, Token: sessionToken }
  return Answer.json({ Code: "Success", ...keys, Expiration: inAnHour() })
}

const sts = (received: Received.Received): Answer.Answer => {
  const form = new URLSearchParams(received.text)
  const byToken = form.get("Action") === "AssumeRoleWithWebIdentity"
  if (byToken && form.get("WebIdentityToken") !== webToken)
    return Answer.json({ Error: { Code: "InvalidIdentityToken", Message: "not the pod's" } }, 400)
  const who = byToken ? "ROLE" : signer(received, "sts")
  if (typeof who !== "string") return who
  if (form.get("RoleArn") !== roleArn)
    return Answer.json({ Error: { Code: "AccessDenied", Message: "not yours" } }, 403)
  const { accessKeyId, secretAccessKey, sessionToken } = keysOf("ROLE")
  const xml = `<r><AccessKeyId>${accessKeyId}</AccessKeyId><SecretAccessKey>${secretAccessKey}</SecretAccessKey><SessionToken>${sessionToken}</SessionToken><Expiration>${inAnHour()}</Expiration></r>`
  return Answer.text(xml, 200, { "content-type": "text/xml" })
}

/** Secrets by ARN, and the identity that may read each. */
export type Secrets = Readonly<Record<string, { readonly by: Who; readonly text?: string }>>

const secretsManager = (received: Received.Received, secrets: Secrets): Answer.Answer => {
  const who = signer(received, "secretsmanager")
  if (typeof who !== "string") return who
  const arn = String(Received.fields(received)?.["SecretId"])
  if (Received.header(received, "x-amz-target") !== "secretsmanager.GetSecretValue") return Answer.json({}, 400)
  const secret = secrets[arn]
  return secret?.by === who
    ? Answer.json({
        ARN: arn,
        ...(secret.text === undefined ? { SecretBinary: "AA==" } : { SecretString: secret.text }),
      })
    : Answer.json({ __type: "AccessDeniedException", Message: "is not authorized to perform GetSecretValue" }, 400)
}

const metadata = (received: Received.Received): Answer.Answer => {
  const token = Received.header(received, "x-aws-ec2-metadata-token")
  if (received.target === "/v2/credentials/task" || received.target === "/pod")
    return Received.header(received, "authorization") === containerToken || received.target === "/v2/credentials/task"
      ? temporary("CONTAINER")
      : Answer.text("no", 401)
  if (received.method === "PUT" && received.target === "/latest/api/token")
    return Received.header(received, "x-aws-ec2-metadata-token-ttl-seconds") === undefined
      ? Answer.text("", 400)
      : Answer.text("session-of-imds")
  // Version 1 of the metadata protocol, which uses no token, is disabled.
  if (token !== "session-of-imds") return Answer.text("", 401)
  if (received.target === "/latest/meta-data/iam/security-credentials/") return Answer.text("the-role")
  return received.target === "/latest/meta-data/iam/security-credentials/the-role"
    ? temporary("INSTANCE")
    : Answer.text("", 404)
}

export interface Options {
  readonly environment?: (world: { readonly folder: string; readonly metadata: string }) => Record<string, string>
  /** Texts by the names of files in the folder. */
  readonly files?: Readonly<Record<string, string>>
  readonly secrets?: Secrets
  readonly server?: (environment: Record<string, string>) => Partial<StartOptions>
  /** The response of the upstream for `http` connectors. */
  readonly handler?: Answer.Handler
}

export const start = async ({
  environment = () => ({}),
  files = {},
  secrets = {},
  server = (environment) => ({ aws: { credentials: "default", environment, signFor: ["bedrock"] } }),
  handler = () => Answer.json({}),
}: Options) => {
  const hosts = ["sts", "bedrock-runtime", "secretsmanager"].map((service) => `${service}.${region}.amazonaws.com`)
  const platform = await StubPlatform.start({
    tls: [...hosts, "api.cohere.ai"],
    handler: (received) => {
      const host = Received.header(received, "host") ?? ""
      if (host.startsWith("sts.")) return sts(received)
      if (host.startsWith("secretsmanager.")) return secretsManager(received, secrets)
      if (host === "api.cohere.ai") return handler(received)
      const who = signer(received, "bedrock")
      return typeof who === "string" ? Answer.json({ who }) : who
    },
  })
  const near = await StubPlatform.start({ handler: metadata })
  const folder = await mkdtemp(join(tmpdir(), "drawbar-"))
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  const here = `127.0.0.1:${platform.port}`
  const running = await InProcess.listen({
    connectTo: {
      ...Object.fromEntries([...hosts, "api.cohere.ai"].map((host) => [`${host}:443`, here])),
      "169.254.170.2:80": `127.0.0.1:${near.port}`,
    },
    certificateAuthorities: [platform.ca],
    ...server({ HOME: folder, ...environment({ folder, metadata: near.origin }) }),
  })
  const { url } = running
  const answers: Array<Answered> = []
  const tell = async (method: string, path: string, body?: unknown) => {
    const answer = await ask(url, undefined, method, ml + path, body)
    answers.push(answer)
    for (const who of known) {
      const { secretAccessKey, sessionToken } = keysOf(who)
      for (const secret of [secretAccessKey, sessionToken ?? secretAccessKey, webToken, containerToken])
        assert.notInclude(answer.text, secret)
    }
    return answer
  }
  return {
    platform,
    near,
    folder,
    tell,
    /** Creates a model with a connector. */
    register: (connector: object) =>
      tell("POST", "/models/_register", { name: "m", function_name: "remote", connector }),
    predict: (id: string) => tell("POST", `/models/${id}/_predict`, { parameters: { text: "x" } }),
    [Symbol.asyncDispose]: async () => {
      await running[Symbol.asyncDispose]()
      await platform.close()
      await near.close()
      await rm(folder, { recursive: true })
    },
  }
}

export const bedrock = (credential: object, change: object = {}) => ({
  name: "Titan",
  version: 1,
  protocol: "aws_sigv4",
  parameters: { region, service_name: "bedrock" },
  credential,
  actions: [
    {
      action_type: "predict",
      method: "POST",
      url: `https://bedrock-runtime.${region}.amazonaws.com/model/a/invoke`,
      request_body: '{"inputText":"${parameters.text}"}',
    },
  ],
  ...change,
})
