/** The server's AWS identity by its environment, and which connectors may sign with it. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Received from "@drawbar/stub-platform/Received"
import { assert, describe, it } from "vitest"
import * as Aws from "./Aws.ts"

const asking = (aws_identity: string, service_name = "bedrock") => ({
  parameters: { region: Aws.region, service_name, aws_identity },
})
const lent = Aws.bedrock({}, asking("server"))

const file = Aws.keysOf("FILE")
const otherFile = Aws.keysOf("OTHERFILE")
const variables = {
  AWS_ACCESS_KEY_ID: Aws.keysOf("VARIABLES").accessKeyId,
  AWS_SECRET_ACCESS_KEY: Aws.keysOf("VARIABLES").secretAccessKey,
}

const credentials = `
# comment
[default]
aws_access_key_id = ${file.accessKeyId}
aws_secret_access_key=${file.secretAccessKey} ; a comment

[ other ]
aws_access_key_id = ${otherFile.accessKeyId}
aws_secret_access_key = ${otherFile.secretAccessKey}
`
const config = `
[default]
region = eu-west-1
s3 =
  max_concurrent_requests = 20
[profile in-config]
AWS_ACCESS_KEY_ID = ${otherFile.accessKeyId}
aws_secret_access_key = ${otherFile.secretAccessKey}
[profile "role"]
region = ${Aws.region}
role_arn = ${Aws.roleArn}
source_profile = other
external_id = outside
[profile itself]
region = ${Aws.region}
role_arn = ${Aws.roleArn}
source_profile = itself
aws_access_key_id = ${file.accessKeyId}
aws_secret_access_key = ${file.secretAccessKey}
[profile nothing]
region = us-east-1
[profile refused]
region = ${Aws.region}
role_arn = ${Aws.roleArn}s
source_profile = default
[profile sourceless]
role_arn = ${Aws.roleArn}
[profile round]
role_arn = ${Aws.roleArn}
source_profile = about
[profile about]
role_arn = ${Aws.roleArn}
source_profile = round
[profile process]
credential_process = /bin/false
`
const files = { credentials, config, token: `${Aws.webToken}\n`, authorization: `${Aws.containerToken}\n` }

type Environment = NonNullable<Aws.Options["environment"]>

/** The configuration of each source, in the order of the chain. */
const ways = {
  variables: () => variables,
  profile: ({ folder }) => ({
    AWS_SHARED_CREDENTIALS_FILE: `${folder}/credentials`,
    AWS_CONFIG_FILE: `${folder}/config`,
  }),
  "web identity": ({ folder }) => ({
    AWS_WEB_IDENTITY_TOKEN_FILE: `${folder}/token`,
    AWS_ROLE_ARN: Aws.roleArn,
    AWS_REGION: Aws.region,
  }),
  container: ({ folder, metadata }) => ({
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${metadata}/pod`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: `${folder}/authorization`,
  }),
  instance: ({ metadata }) => ({ AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata }),
} as const satisfies Record<string, Environment>

const all = Object.entries<Environment>(ways)

const first: Readonly<Record<keyof typeof ways, Aws.Who>> = {
  variables: "VARIABLES",
  profile: "FILE",
  "web identity": "ROLE",
  container: "CONTAINER",
  instance: "INSTANCE",
}

const profile =
  (name: string): Environment =>
  (world) => ({ ...ways.profile(world), AWS_PROFILE: name })

/** Creates a model that the server signs for and calls it; the response names the signer. */
const signedBy = async (server: Awaited<ReturnType<typeof Aws.start>>, connector: object = lent) => {
  const { json, text } = await server.register(connector)
  assert.isString(json.model_id, text)
  const answer = await server.predict(json.model_id)
  return answer.status === 200 ? answer.json.inference_results[0].output[0].dataAsMap.who : answer.json.error.reason
}

describe("the server's AWS keys", () => {
  it.each(all.map(([name], i) => [name, i] as const))("come from its %s before all later sources", async (name, i) => {
    const later = all.slice(i).map(([, way]) => way)
    await using server = await Aws.start({
      files,
      environment: (world) => Object.assign({}, ...later.map((way) => way(world))),
    })
    assert.strictEqual(await signedBy(server), first[name as keyof typeof ways])
  })

  it.each<readonly [string, Aws.Who, Environment]>([
    ["a profile by its name", "OTHERFILE", profile("other")],
    ["a profile in the config file", "OTHERFILE", profile("in-config")],
    ["a role that one profile assumes with another's keys", "ROLE", profile("role")],
    ["a role that a profile assumes with its own keys", "ROLE", profile("itself")],
    [
      "a container by its path",
      "CONTAINER",
      () => ({ AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/v2/credentials/task" }),
    ],
    [
      "a container with its token in a variable",
      "CONTAINER",
      ({ metadata }) => ({
        AWS_CONTAINER_CREDENTIALS_FULL_URI: `${metadata}/pod`,
        AWS_CONTAINER_AUTHORIZATION_TOKEN: Aws.containerToken,
      }),
    ],
  ])("can come from %s", async (_, who, environment) => {
    await using server = await Aws.start({ files, environment })
    assert.strictEqual(await signedBy(server), who)
  })

  it("come from the files of the home folder by default", async () => {
    await using server = await Aws.start({})
    await mkdir(`${server.folder}/.aws`)
    await writeFile(`${server.folder}/.aws/credentials`, credentials)
    assert.strictEqual(await signedBy(server), "FILE")
  })

  it("assume a role with its required parameters", async () => {
    await using server = await Aws.start({ files, environment: profile("role") })
    await signedBy(server)
    const [requested] = server.platform.requests
    assert.deepInclude(Object.fromEntries(new URLSearchParams(requested?.text)), {
      Action: "AssumeRole",
      ExternalId: "outside",
      RoleSessionName: "drawbar",
    })
  })

  it("are fetched once for all connectors, including those with a role", async () => {
    await using server = await Aws.start({ environment: ways.instance })
    const who = await Promise.all([lent, lent, Aws.bedrock({ roleArn: Aws.roleArn })].map((c) => signedBy(server, c)))
    assert.deepStrictEqual(who, ["INSTANCE", "INSTANCE", "ROLE"])
    assert.deepStrictEqual(
      server.near.requests.map(({ method, target }) => `${method} ${target}`),
      [
        "PUT /latest/api/token",
        "GET /latest/meta-data/iam/security-credentials/",
        "GET /latest/meta-data/iam/security-credentials/the-role",
      ],
    )
  })

  const nowhere = { AWS_EC2_METADATA_DISABLED: "true" }
  const somewhere = { AWS_EC2_METADATA_DISABLED: "false" }
  it.each<readonly [string, Environment, expectedText: string]>([
    ["nowhere", () => nowhere, "none are configured in its environment"],
    ["half in the environment", () => ({ AWS_ACCESS_KEY_ID: "AKIDVARIABLES" }), "are not both set"],
    ["in a missing profile", profile("none"), "contain no profile none"],
    ["in a profile without keys", profile("nothing"), "the profile nothing has neither"],
    ["printed by a program", profile("process"), "the profile process has neither"],
    ["of a role without a source", profile("sourceless"), "has a role_arn, but no source_profile"],
    ["of a role with a cyclic source", profile("round"), "the profile round has neither"],
    ["of a role that AWS denies", profile("refused"), "AccessDenied: not yours"],
    [
      "in a missing file",
      ({ folder }) => ({ AWS_SHARED_CREDENTIALS_FILE: `${folder}/none` }),
      "none cannot be read (ENOENT)",
    ],
    [
      "with a missing token file",
      (world) => ({ ...ways["web identity"](world), AWS_WEB_IDENTITY_TOKEN_FILE: `${world.folder}/none` }),
      "AWS_WEB_IDENTITY_TOKEN_FILE cannot be read (ENOENT)",
    ],
    [
      "with a token that AWS rejects",
      (world) => ({ ...ways["web identity"](world), AWS_WEB_IDENTITY_TOKEN_FILE: `${world.folder}/authorization` }),
      "InvalidIdentityToken: not the pod's",
    ],
    [
      "of a web identity without a role",
      ({ folder }) => ({ AWS_WEB_IDENTITY_TOKEN_FILE: `${folder}/token` }),
      "AWS_ROLE_ARN is not",
    ],
    [
      "of a web identity with an invalid region",
      (world) => ({ ...ways["web identity"](world), AWS_REGION: "evil.example/" }),
      "evil.example/ is not an AWS region",
    ],
    [
      "of a container that requires authorization",
      ({ metadata }) => ({ AWS_CONTAINER_CREDENTIALS_FULL_URI: `${metadata}/pod` }),
      "the container's endpoint returned no credentials: status 401",
    ],
    [
      "beyond this machine, without encryption",
      () => ({ AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://198.51.100.1/pod" }),
      "AWS_CONTAINER_CREDENTIALS_FULL_URI must be",
    ],
    [
      "at an address that hides another",
      () => ({ AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "@evil.example/" }),
      "must be an https URL",
    ],
    [
      "with an unreachable metadata service",
      () => ({ AWS_EC2_METADATA_SERVICE_ENDPOINT: "http://127.0.0.1:1", ...somewhere }),
      "the instance's metadata service returned no credentials",
    ],
    [
      "with another service as metadata service",
      ({ metadata }) => ({ AWS_EC2_METADATA_SERVICE_ENDPOINT: `${metadata}/elsewhere`, ...somewhere }),
      "the instance's metadata service returned no credentials: status 401",
    ],
  ])("that are %s are reported in a message, and no later source is tried", async (_, environment, expectedText) => {
    await using server = await Aws.start({ files, environment: (world) => ({ ...nowhere, ...environment(world) }) })
    const reply = await signedBy(server)
    assert.include(reply, "This server has no AWS credentials: ")
    assert.include(reply, expectedText)
  })

  it("do not open the metadata service's address to connectors", async () => {
    await using server = await Aws.start({
      environment: () => variables,
      server: (environment) => ({
        aws: { credentials: "default", environment, signFor: ["bedrock"] },
        settings: {
          "plugins.ml_commons.trusted_connector_endpoints_regex": ["^http://169\\.254\\.169\\.254/.*$"],
          "plugins.ml_commons.connector.private_ip_enabled": true,
        },
      }),
    })
    const action = { action_type: "predict", method: "GET", url: "http://169.254.169.254/latest/meta-data/" }
    const reply = await signedBy(server, { name: "a", version: 1, protocol: "http", actions: [action] })
    assert.include(reply, "169.254.169.254")
    assert.include(reply, "no setting allows it")
  })
})

const lending =
  (signFor: ReadonlyArray<string>): NonNullable<Aws.Options["server"]> =>
  (environment) => ({ aws: { credentials: "env", environment, signFor } })

describe("a connector", () => {
  it.each<readonly [string, object, NonNullable<Aws.Options["server"]>, expectedText: string]>([
    ["with an identity that the server does not have", lent, () => ({}), "start it with --aws-credentials"],
    [
      "for a service that the operator does not allow",
      lent,
      lending(["textract"]),
      "start it with --aws-sign-for bedrock",
    ],
    ["with no allowed service", lent, lending([]), "start it with --aws-sign-for bedrock"],
    [
      "for a host outside AWS",
      Aws.bedrock(
        {},
        {
          ...asking("server"),
          actions: [{ action_type: "predict", method: "POST", url: "https://api.cohere.ai/v1", request_body: "{}" }],
        },
      ),
      lending(["bedrock"]),
      "https://api.cohere.ai is not AWS",
    ],
    ["with another value", Aws.bedrock({}, asking("yes")), lending(["bedrock"]), "aws_identity can only be"],
    ["without an identity", Aws.bedrock({}), lending(["bedrock"]), "Missing credential"],
  ])("%s is rejected on create", async (_, connector, server, expectedText) => {
    await using aws = await Aws.start({ environment: ways.variables, server })
    const { status, text } = await aws.tell("POST", "/connectors/_create", connector)
    assert.strictEqual(status, 400, text)
    assert.include(text, expectedText.replaceAll('"', '\\"'))
    assert.strictEqual((await aws.register(connector)).status, 400)
    assert.strictEqual(aws.platform.requests.length, 0)
  })

  it("shows that it signs as the server, and rejects an update to a service that is not allowed", async () => {
    await using aws = await Aws.start({ environment: ways.variables, server: lending(["bedrock"]) })
    const made = await aws.tell("POST", "/connectors/_create", lent)
    const { text } = await aws.tell("GET", `/connectors/${made.json.connector_id}`)
    assert.include(text, '"aws_identity":"server"')
    const change = { parameters: { service_name: "sagemaker" } }
    const changed = await aws.tell("PUT", `/connectors/${made.json.connector_id}`, change)
    assert.strictEqual(changed.status, 400, changed.text)
    assert.include(changed.text, "--aws-sign-for sagemaker")
  })

  it("no longer signs as the server after the operator has withdrawn the permission", async () => {
    const folder = await mkdtemp(join(tmpdir(), "drawbar-"))
    const files = { database: join(folder, "drawbar.db"), keyring: join(folder, "keyring.json") }
    const kept = (services: ReadonlyArray<string>) =>
      Aws.start({
        environment: ways.variables,
        server: (environment) => ({ ...lending(services)(environment), files }),
      })
    let id = ""
    {
      await using aws = await kept(["bedrock"])
      id = (await aws.register(lent)).json.model_id
      assert.strictEqual((await aws.predict(id)).status, 200)
    }
    await using aws = await kept([])
    const { status, text } = await aws.predict(id)
    assert.strictEqual(status, 400, text)
    assert.include(text, "start it with --aws-sign-for bedrock")
    assert.strictEqual(aws.platform.requests.length, 0)
    await rm(folder, { recursive: true })
  })

  it("signs with its own keys if it has them", async () => {
    const { accessKeyId, secretAccessKey } = Aws.keysOf("OTHERFILE")
    await using aws = await Aws.start({ environment: ways.variables, server: lending(["bedrock"]) })
    assert.strictEqual(
      await signedBy(aws, Aws.bedrock({ access_key: accessKeyId, secret_key: secretAccessKey }, asking("server"))),
      "OTHERFILE",
    )
    assert.include(Received.header(aws.platform.requests.at(-1)!, "authorization"), accessKeyId)
  })
})
