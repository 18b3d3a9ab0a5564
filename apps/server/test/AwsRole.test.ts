/** A connector that assumes a role: its keys are fetched from AWS's token service, and again before they expire. */
import * as Answer from "@drawbar/stub-platform/Answer"
import * as AwsSignature from "@drawbar/stub-platform/AwsSignature"
import * as Received from "@drawbar/stub-platform/Received"
import * as StubPlatform from "@drawbar/stub-platform/StubPlatform"
import { assert, describe, it } from "vitest"
import * as InProcess from "./InProcess.ts"

const ml = "/_plugins/_ml"
const own = { accessKeyId: "AKIDOWN", secretAccessKey: "the-servers-own-secret", sessionToken: "own-token" }
const variables = {
  AWS_ACCESS_KEY_ID: own.accessKeyId,
  AWS_SECRET_ACCESS_KEY: own.secretAccessKey,
  AWS_SESSION_TOKEN: own.sessionToken,
}
const role = { accessKeyId: "ASIAROLE", secretAccessKey: "the-roles-secret", sessionToken: "a/role+token==" }
const roleArn = "arn:aws:iam::123456789012:role/models"

interface Options {
  readonly region?: string
  readonly identity?: boolean
  /** The response of the token service instead of keys. */
  readonly sts?: Answer.Answer
  readonly secondsLeft?: number
}

const xml = (expiration: string) =>
  `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>${role.accessKeyId}</AccessKeyId><SecretAccessKey>${role.secretAccessKey}</SecretAccessKey><SessionToken>${role.sessionToken}</SessionToken><Expiration>${expiration}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`

const start = async ({ identity = true, sts, secondsLeft = 3_600, region = "us-east-1" }: Options) => {
  const requested: Array<URLSearchParams> = []
  const platform = await StubPlatform.start({
    tls: ["sts.us-east-1.amazonaws.com", "bedrock-runtime.us-east-1.amazonaws.com"],
    handler: (received) => {
      if (Received.header(received, "host") !== "sts.us-east-1.amazonaws.com")
        return (
          AwsSignature.refuse(received, { ...role, region: "us-east-1", service: "bedrock" }) ??
          Answer.json({ token: Received.header(received, "x-amz-security-token") === role.sessionToken })
        )
      const refused = AwsSignature.refuse(received, { ...own, region: "us-east-1", service: "sts" })
      if (refused !== undefined) return refused
      requested.push(new URLSearchParams(received.text))
      const expiration = new Date(Date.now() + secondsLeft * 1_000).toISOString()
      return sts ?? Answer.text(xml(expiration), 200, { "content-type": "text/xml" })
    },
  })
  const server = await InProcess.listen({
    connectTo: {
      "sts.us-east-1.amazonaws.com:443": `127.0.0.1:${platform.port}`,
      "bedrock-runtime.us-east-1.amazonaws.com:443": `127.0.0.1:${platform.port}`,
    },
    certificateAuthorities: [platform.ca],
    ...(identity ? { aws: { credentials: "env", environment: variables } } : {}),
  })
  const { url } = server
  const ask = async (path: string, body: unknown) => {
    const response = await fetch(url + ml + path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    })
    const text = await response.text()
    for (const { secretAccessKey, sessionToken } of [own, role])
      for (const secret of [secretAccessKey, sessionToken]) assert.notInclude(text, secret)
    return { status: response.status, json: JSON.parse(text) }
  }
  const { json } = await ask("/models/_register", {
    name: "m",
    function_name: "remote",
    connector: {
      name: "Titan",
      version: 1,
      protocol: "aws_sigv4",
      parameters: { region, service_name: "bedrock" },
      credential: { roleArn, externalId: "outside" },
      actions: [
        {
          action_type: "predict",
          method: "POST",
          url: "https://bedrock-runtime.us-east-1.amazonaws.com/model/a/invoke",
          request_body: '{"inputText":"${parameters.text}"}',
        },
      ],
    },
  })
  return {
    asked: requested,
    registered: json,
    predict: () => ask(`/models/${json.model_id}/_predict`, { parameters: { text: "x" } }),
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]()
      await platform.close()
    },
  }
}

describe("a connector with a roleArn", () => {
  it("signs with the role's keys, which are fetched once for many calls", async () => {
    await using server = await start({})
    const answers = [await server.predict(), ...(await Promise.all(Array.from({ length: 5 }, () => server.predict())))]
    for (const { status, json } of answers) {
      assert.strictEqual(status, 200, JSON.stringify(json))
      assert.deepStrictEqual(json.inference_results[0].output[0].dataAsMap, { token: true })
    }
    assert.strictEqual(server.asked.length, 1)
    assert.deepInclude(Object.fromEntries(server.asked[0] ?? []), {
      Action: "AssumeRole",
      RoleArn: roleArn,
      ExternalId: "outside",
    })
  })

  it("serves any number of concurrent first calls", async () => {
    await using server = await start({})
    const answers = await Promise.all(Array.from({ length: 20 }, () => server.predict()))
    assert.deepStrictEqual([...new Set(answers.map(({ status }) => status))], [200])
  })

  it("refreshes keys that expire soon", async () => {
    await using server = await start({ secondsLeft: 60 })
    await server.predict()
    await server.predict()
    assert.strictEqual(server.asked.length, 2)
  })

  it("reports why AWS denies the role", async () => {
    const sts = Answer.json({ Error: { Code: "AccessDenied", Message: "not yours" } }, 403)
    await using server = await start({ sts })
    const { status, json } = await server.predict()
    assert.strictEqual(status, 400)
    assert.include(json.error.reason, `AWS did not give this server the role ${roleArn}: AccessDenied: not yours`)
  })

  // The server's own identity would be revealed to a host that the connector chooses.
  it.each(["evil.example/#", "x@evil.example/", "us-east-1.evil.example", "evil:8443/", ""])(
    "with the region %j is rejected without a request",
    async (region) => {
      await using server = await start({ region })
      assert.strictEqual(server.registered.status, 400)
      assert.include(server.registered.error.reason, "Parameter 'region' has to be a region, such as us-east-1")
      assert.strictEqual(server.asked.length, 0)
    },
  )

  it("reports that the server has no identity", async () => {
    await using server = await start({ identity: false })
    const { status, json } = await server.predict()
    assert.strictEqual(status, 400)
    assert.include(json.error.reason, "--aws-credentials")
    assert.strictEqual(server.asked.length, 0)
  })
})
