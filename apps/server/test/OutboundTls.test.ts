/** Outbound options of an operator: client certificates, a proxy, unverified TLS; and an incorrect clock. */
import { createServer } from "node:http"
import { createServer as createSecureServer } from "node:https"
import { type AddressInfo, connect } from "node:net"
import * as Proxy from "@drawbar/egress/Proxy"
import * as Answer from "@drawbar/stub-platform/Answer"
import * as Certificate from "@drawbar/stub-platform/Certificate"
import * as StubPlatform from "@drawbar/stub-platform/StubPlatform"
import { Result } from "effect"
import { assert, describe, it } from "vitest"
import { blueprint } from "./Drawbar.ts"
import { ask } from "./AuthenticatedServer.ts"
import * as InProcess from "./InProcess.ts"

const ml = "/_plugins/_ml"

const create = (url: string, connector: object) => ask(url, undefined, "POST", `${ml}/connectors/_create`, connector)

/** Creates a model with that connector and calls it once. */
const predict = async (url: string, connector: object, parameters: object = { texts: ["a"] }) => {
  const made = await ask(url, undefined, "POST", `${ml}/models/_register`, {
    name: "m",
    function_name: "remote",
    connector,
  })
  assert.strictEqual(made.status, 200, made.text)
  return await ask(url, undefined, "POST", `${ml}/models/${made.json.model_id}/_predict`, { parameters })
}

const withConfig = (client_config: object, credential: object) => {
  const { credential: own, ...rest } = blueprint
  return { ...rest, credential: { ...own, ...credential }, client_config }
}

describe("mutual TLS", () => {
  const client = Certificate.issue(["client.example"])
  const platform = Certificate.issue(["api.cohere.ai"])
  const identity = { client_cert_pem: client.certificate, client_key_pem: client.key }

  it.each([
    ["PEM", identity],
    ["PEM in base64", Object.fromEntries(Object.entries(identity).map(([name, text]) => [name, btoa(text)]))],
    ["PEM with the upstream's own authority", { ...identity, ca_cert_pem: platform.ca }],
  ] as const)("presents the connector's certificate from %s", async (_, credential) => {
    const seen: Array<string> = []
    const exacting = createSecureServer(
      { cert: platform.certificate, key: platform.key, ca: client.ca, requestCert: true, rejectUnauthorized: true },
      (request, response) => {
        seen.push(String(Reflect.get(request.socket, "authorized")))
        response.setHeader("content-type", "application/json").end(JSON.stringify({ embeddings: [[1]] }))
      },
    )
    await new Promise<void>((resume) => exacting.listen(0, "127.0.0.1", resume))
    const { port } = exacting.address() as AddressInfo
    await using server = await InProcess.listen({
      connectTo: { "api.cohere.ai:443": `127.0.0.1:${port}` },
      certificateAuthorities: "ca_cert_pem" in credential ? [] : [platform.ca],
    })
    const answer = await predict(server.url, withConfig({ mutual_tls_enabled: true }, credential))
    assert.strictEqual(answer.status, 200, answer.text)
    assert.deepStrictEqual(seen, ["true"])
    assert.notStrictEqual((await predict(server.url, withConfig({}, {}))).status, 200)
    exacting.closeAllConnections()
    exacting.close()
  })

  it.each([
    ["no certificate", { mutual_tls_enabled: true }, {}, "client_cert_pem"],
    ["no key", { mutual_tls_enabled: true }, { client_cert_pem: client.certificate }, "client_key_pem"],
    ["another's key", { mutual_tls_enabled: true }, { ...identity, client_key_pem: platform.key }, "do not match"],
    [
      "an invalid certificate",
      { mutual_tls_enabled: true },
      { ...identity, client_cert_pem: "hello" },
      "cannot be read",
    ],
    [
      "an invalid PKCS#12 archive",
      { mutual_tls_enabled: true, keystore_type: "PKCS12" },
      identity,
      "client_cert_pkcs12",
    ],
    [
      "a broken PKCS#12",
      { mutual_tls_enabled: true, keystore_type: "PKCS12" },
      { client_cert_pkcs12: "aGVsbG8=" },
      "cannot be read",
    ],
    ["unverified TLS", { mutual_tls_enabled: true, skip_ssl_verification: true }, identity, "skip_ssl_verification"],
    ["an api_key", { mutual_tls_enabled: true }, { ...identity, api_key: "sk-1" }, "api_key"],
  ] as const)("with %s is rejected when the connector is created", async (_, config, credential, sentence) => {
    await using server = await InProcess.listen({})
    const { status, json, text } = await create(server.url, withConfig(config, credential))
    assert.strictEqual(status, 400, text)
    assert.include(json.error.reason, sentence)
    assert.notInclude(text, "BEGIN")
  })
})

describe("unverified TLS", () => {
  it("is rejected when the connector is created, unless the operator allows it", async () => {
    const platform = await StubPlatform.start({
      handler: () => Answer.json({ embeddings: [[1]] }),
      tls: ["api.cohere.ai"],
    })
    const connectTo = { "api.cohere.ai:443": `127.0.0.1:${platform.port}` }
    const connector = withConfig({ skip_ssl_verification: true }, {})
    {
      await using server = await InProcess.listen({ connectTo })
      const { status, json } = await create(server.url, connector)
      assert.strictEqual(status, 400)
      assert.include(json.error.reason, "skip_ssl_verification is not allowed")
    }
    {
      await using server = await InProcess.listen({ connectTo, allowUnverifiedTls: true })
      const answer = await predict(server.url, connector)
      assert.strictEqual(answer.status, 200, answer.text)
    }
    await platform.close()
  })
})

const start = async (answers: (target: string, authorization: string | undefined) => number | undefined) => {
  const platform = await StubPlatform.start({
    handler: () => Answer.json({ embeddings: [[1]] }),
    tls: ["api.cohere.ai"],
  })
  const targets: Array<string> = []
  const proxy = createServer()
  proxy.on("connect", (request, socket) => {
    targets.push(String(request.url))
    const refusal = answers(String(request.url), request.headers["proxy-authorization"])
    if (refusal !== undefined) return void socket.end(`HTTP/1.1 ${refusal} No\r\n\r\n`)
    const onward = connect(platform.port, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n")
      onward.pipe(socket).pipe(onward)
    })
    for (const end of [onward, socket]) end.on("error", () => [onward, socket].forEach((one) => one.destroy()))
  })
  await new Promise<void>((resume) => proxy.listen(0, "127.0.0.1", resume))
  const { port } = proxy.address() as AddressInfo
  const read = (more: Record<string, string> = {}, user = "") => {
    const found = Result.getOrThrow(Proxy.read({ HTTPS_PROXY: `http://${user}127.0.0.1:${port}`, ...more }))
    return found === undefined ? {} : { proxy: found }
  }
  return {
    targets,
    read,
    ca: platform.ca,
    [Symbol.asyncDispose]: async () => {
      proxy.closeAllConnections()
      proxy.close()
      await platform.close()
    },
  }
}

describe("a proxy", () => {
  it("receives a request for a tunnel to the upstream's name, with its own credentials", async () => {
    await using proxy = await start((_, authorization) =>
      authorization === `Basic ${btoa("bob:p@ss")}` ? undefined : 407,
    )
    await using server = await InProcess.listen({
      ...proxy.read({}, "bob:p%40ss@"),
      certificateAuthorities: [proxy.ca],
    })
    const answer = await predict(server.url, blueprint)
    assert.strictEqual(answer.status, 200, answer.text)
    assert.deepStrictEqual(proxy.targets, ["api.cohere.ai:443"])
  })

  it("that refuses a tunnel is named, without its password", async () => {
    await using proxy = await start(() => 407)
    await using server = await InProcess.listen({
      ...proxy.read({}, "bob:hunter2@"),
      certificateAuthorities: [proxy.ca],
    })
    const { status, text } = await predict(server.url, blueprint)
    assert.isAtLeast(status, 500)
    assert.include(text, "HTTPS_PROXY")
    assert.include(text, "407")
    assert.notInclude(text, "hunter2")
  })

  it("does not reach private addresses and names", async () => {
    await using proxy = await start(() => undefined)
    await using server = await InProcess.listen({
      ...proxy.read(),
      settings: { "plugins.ml_commons.trusted_connector_endpoints_regex": ["^https?://.*$"] },
    })
    const addresses = ["169.254.169.254", "10.0.0.1", "[::1]", "127.0.0.1", "[::ffff:a00:1]", "2130706433"]
    const names = [
      "localhost",
      "localhost.",
      "LOCALHOST.",
      "a.localhost.",
      "metadata.google.internal",
      "vault.",
      "nas.home.",
      "vllm.models.svc",
      "vllm.models.svc.",
      "vllm.models.svc.cluster.local",
      "vllm.models.svc.cluster.local.",
    ]
    for (const host of [...addresses, ...names]) {
      const action = { ...blueprint.actions[0], url: `https://${host}/v1/embed` }
      const { status } = await predict(server.url, { ...blueprint, actions: [action] })
      assert.notStrictEqual(status, 200, host)
    }
    assert.deepStrictEqual(proxy.targets, [])
  })

  it.each([
    ["cohere.ai", true],
    [".cohere.ai", true],
    ["*.cohere.ai", true],
    ["api.cohere.ai:443", true],
    ["*", true],
    ["openai.com, api.cohere.ai", true],
    ["api.cohere.ai:8443", false],
    ["here.ai", false],
    ["", false],
  ] as const)("with NO_PROXY=%s is bypassed by: %s", (NO_PROXY, isBypassed) => {
    const proxy = Result.getOrThrow(Proxy.read({ HTTPS_PROXY: "http://proxy:3128", NO_PROXY }))
    assert.strictEqual(proxy?.bypasses("api.cohere.ai", 443), isBypassed)
  })

  it.each(["proxy:3128", "socks5://proxy:1", "https://proxy", "http://"])("cannot be %s", (HTTPS_PROXY) => {
    assert.isTrue(Result.isFailure(Proxy.read({ HTTPS_PROXY })))
  })
})

const dateOf = (headers: ReadonlyArray<readonly [string, string]>) => {
  const text = headers.find(([name]) => name.toLowerCase() === "x-amz-date")?.[1] ?? ""
  return Date.parse(text.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6Z"))
}

describe("an incorrect clock", () => {
  const connector = {
    name: "SageMaker",
    version: 1,
    protocol: "aws_sigv4",
    parameters: { region: "us-east-1", service_name: "sagemaker" },
    credential: { access_key: "AKIDEXAMPLE", secret_key: "a-secret-key" },
    actions: [
      {
        action_type: "predict",
        method: "POST",
        url: "https://runtime.sagemaker.us-east-1.amazonaws.com/endpoints/e/invocations",
        request_body: '{ "inputs": ${parameters.texts} }',
      },
    ],
  }
  const there = Date.now() + 3_600_000

  it.each([
    ["is corrected once, by the time in an error response", true, [403, 200]],
    ["is not corrected if the error response has the same time", false, [403]],
  ] as const)("%s", async (_, isOff, statuses) => {
    const requested: Array<number> = []
    const platform = await StubPlatform.start({
      tls: ["runtime.sagemaker.us-east-1.amazonaws.com"],
      handler: ({ headers }) => {
        const isRight = isOff && Math.abs(dateOf(headers as never) - there) < 300_000
        requested.push(isRight ? 200 : 403)
        return Answer.json(isRight ? [[1]] : { message: "Signature expired" }, isRight ? 200 : 403, {
          date: new Date(isOff ? there : Date.now()).toUTCString(),
        })
      },
    })
    {
      await using server = await InProcess.listen({
        connectTo: { "runtime.sagemaker.us-east-1.amazonaws.com:443": `127.0.0.1:${platform.port}` },
        certificateAuthorities: [platform.ca],
      })
      const answer = await predict(server.url, connector)
      assert.strictEqual(answer.status, statuses.at(-1), answer.text)
      assert.deepStrictEqual(requested, [...statuses])
    }
    await platform.close()
  })
})
