/** Credentials that refer to a secret in AWS Secrets Manager. */
import * as Answer from "@drawbar/stub-platform/Answer"
import * as Received from "@drawbar/stub-platform/Received"
import { assert, describe, it } from "vitest"
import * as Aws from "./Aws.ts"

const arnOf = (name: string) => `arn:aws:secretsmanager:${Aws.region}:123456789012:secret:${name}`
const key = "the/secret+key of the platform"
const { accessKeyId, secretAccessKey } = Aws.keysOf("INSECRET")

const secrets: Aws.Secrets = {
  [arnOf("drawbar/own-AbCdEf")]: {
    by: "VARIABLES",
    text: JSON.stringify({ key, port: 1.5, on: true, more: { a: 1 } }),
  },
  [arnOf("drawbar/role-AbCdEf")]: { by: "ROLE", text: JSON.stringify({ key }) },
  [arnOf("drawbar/keys")]: {
    by: "VARIABLES",
    text: JSON.stringify({ access_key: accessKeyId, secret_key: secretAccessKey }),
  },
  [arnOf("drawbar/text")]: { by: "VARIABLES", text: key },
  [arnOf("drawbar/binary")]: { by: "VARIABLES" },
  [arnOf("other/own")]: { by: "VARIABLES", text: JSON.stringify({ key }) },
}

const { accessKeyId: id, secretAccessKey: ownSecret } = Aws.keysOf("VARIABLES")

const start = (
  awsSecrets: ReadonlyArray<string> = [arnOf("drawbar/*")],
  handler: Answer.Handler = (received) =>
    Answer.json({ right: Received.header(received, "authorization") === `Bearer ${key}` }),
) =>
  Aws.start({
    secrets,
    handler,
    environment: () => ({ AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: ownSecret }),
    server: (environment) => ({
      aws: { credentials: "env", environment },
      secrets: { environment, awsSecrets },
    }),
  })

const chat = (secretArn: string, header = "Bearer ${credential.secretArn.key}", credential: object = {}) => ({
  name: "Chat",
  version: 1,
  protocol: "http",
  credential: { secretArn, ...credential },
  actions: [
    {
      action_type: "predict",
      method: "POST",
      url: "https://api.cohere.ai/v1/chat",
      headers: { Authorization: header },
      request_body: '{"q":"${parameters.text}"}',
    },
  ],
})

const outputOf = ({ json }: { readonly json: any }) => json.inference_results[0].output[0].dataAsMap

describe("a secretArn", () => {
  it.each([
    ["as the server", chat(arnOf("drawbar/own-AbCdEf"))],
    ["in the connector's role", chat(arnOf("drawbar/role-AbCdEf"), undefined, { roleArn: Aws.roleArn })],
  ])("is read %s, and its members can be used in headers", async (_, connector) => {
    await using aws = await start()
    const { json, text } = await aws.register(connector)
    assert.isString(json.model_id, text)
    const answer = await aws.predict(json.model_id)
    assert.deepStrictEqual(outputOf(answer), { right: true }, answer.text)
    const read = aws.platform.requests.length
    await aws.predict(json.model_id)
    assert.strictEqual(aws.platform.requests.length, read + 1, "is read when the model is deployed")
    assert.notInclude((await aws.tell("GET", `/models/${json.model_id}`)).text, key)
    const shown = await aws.tell("POST", `/models/${json.model_id}/_render`, { parameters: { text: "x" } })
    assert.include(shown.text, "Bearer ***")
  })

  it("may contain numbers and booleans", async () => {
    await using aws = await start(undefined, (received) =>
      Answer.json({ was: Received.header(received, "authorization") }),
    )
    const header = "${credential.secretArn.port} ${credential.secretArn.on}"
    const { json } = await aws.register(chat(arnOf("drawbar/own-AbCdEf"), header))
    const connector = outputOf(await aws.predict(json.model_id))
    assert.deepStrictEqual(connector, { was: "1.5 true" })
  })

  it("may contain the keys that sign a request", async () => {
    await using aws = await start()
    const { json } = await aws.register(Aws.bedrock({ secretArn: arnOf("drawbar/keys") }))
    assert.deepStrictEqual(outputOf(await aws.predict(json.model_id)), { who: "INSECRET" })
  })

  it("leaves signing to the role if it contains no keys", async () => {
    await using aws = await start()
    const credential = { secretArn: arnOf("drawbar/role-AbCdEf"), roleArn: Aws.roleArn }
    const { json } = await aws.register(Aws.bedrock(credential))
    assert.deepStrictEqual(outputOf(await aws.predict(json.model_id)), { who: "ROLE" })
  })

  it("is masked if the upstream echoes it", async () => {
    await using aws = await start(undefined, (received) =>
      Answer.json({ error: `bad key ${Received.header(received, "authorization")}` }, 401),
    )
    const { json } = await aws.register(chat(arnOf("drawbar/own-AbCdEf")))
    const { status, text } = await aws.predict(json.model_id)
    assert.strictEqual(status, 401)
    assert.notInclude(text, key)
    assert.include(text, "***")
  })

  const own = arnOf("drawbar/own-AbCdEf")
  it.each<readonly [string, object, expectedText: string]>([
    ["the operator does not allow", chat(arnOf("other/own")), "must allow it with --aws-secret"],
    ["only shares a prefix with an allowed one", chat(arnOf("drawbar-other")), "must allow it with --aws-secret"],
    ["is not an ARN", chat("drawbar/own"), "it is not the ARN of a secret"],
    ["is the ARN of something else", chat("arn:aws:iam::123456789012:role/a"), "it is not the ARN of a secret"],
    ["has a host as its region", chat(own.replace(Aws.region, "evil.example/")), "it is not the ARN of a secret"],
    ["has an invalid region", chat(own.replace(Aws.region, "secrets")), "must allow it"],
    ["has no such member", chat(own, "${credential.secretArn.none}"), "credential has no 'secretArn.none'"],
    ["has an object as that member", chat(own, "${credential.secretArn.more}"), "credential has no 'secretArn.more'"],
    ["is not an object", chat(arnOf("drawbar/text")), "is not a JSON object"],
    ["is not text", chat(arnOf("drawbar/binary")), "is not a JSON object"],
    ["AWS denies", chat(arnOf("drawbar/role-AbCdEf")), "AccessDeniedException: is not authorized"],
    ["needs a role that AWS denies", chat(own, undefined, { roleArn: `${Aws.roleArn}s` }), "AccessDenied: not yours"],
  ])("that %s is rejected when the connector is created", async (_, connector, expectedText) => {
    await using aws = await start()
    const { status, text } = await aws.tell("POST", "/connectors/_create", connector)
    assert.strictEqual(status, 400, text)
    assert.include(text, expectedText)
    assert.notInclude(text, key)
  })

  it("is accepted on create with a warning if no secret is allowed, and rejected on deploy", async () => {
    await using aws = await start([])
    const { json } = await aws.register(chat(own))
    const { status, text } = await aws.predict(json.model_id)
    assert.strictEqual(status, 400)
    assert.include(text, "its operator has to list the secret with --aws-secret")
    assert.include((await aws.tell("POST", "/connectors/_validate", chat(own))).text, "borrowed-credential")
    assert.strictEqual((await aws.tell("POST", `/models/${json.model_id}/_deploy`)).status, 400)
    assert.strictEqual(aws.platform.requests.length, 0)
  })

  it("does not allow connectors to call Secrets Manager", async () => {
    await using aws = await start()
    const direct = Aws.bedrock(
      { roleArn: Aws.roleArn },
      {
        parameters: { region: Aws.region, service_name: "secretsmanager" },
        actions: [
          {
            action_type: "predict",
            method: "POST",
            url: `https://secretsmanager.${Aws.region}.amazonaws.com/`,
            request_body: "{}",
          },
        ],
      },
    )
    const { status, text } = await aws.tell("POST", "/connectors/_create", direct)
    assert.strictEqual(status, 400)
    assert.include(text, "not matching the trusted connector endpoint")
  })
})
