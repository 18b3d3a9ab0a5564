import { generateKeyPairSync } from "node:crypto"
import { type Plant, word } from "../CanarySecrets.ts"
import { type Act, answer, portOf, remember, responseThat } from "../EchoingPlatform.ts"
import { remote, register, blueprint, json, say, ml, findSecrets } from "./LeakServer.ts"
import { type Met, type Meet } from "./LeakAttempts.ts"

/** The token endpoint, at a separate path. */
const issuer = (act: Act, said = "") => `http://127.0.0.1:${portOf(remote)}/case/${remember({ said, act })}`

const asking =
  (kind: string, connector: (met: Met) => object, ofPlatform = false): Meet =>
  async (met) => {
    const model = await register(kind, { ...blueprint(met.third), ...connector(met) })
    const id = remember({ said: met.said, act: responseThat((it) => answer(json({ error: it }), 401)) })
    const parameters = { q: `${met.prompt} #case#${id}` }
    return (await say(kind, "POST", `${ml}/models/${model}/_predict`, { parameters }, { ofPlatform })).status
  }

const client = { client_id: "the-client" }

/** Secrets that no upstream has received yet are planted as well. */
const plant = (n: number): Plant => {
  const planted = { word: word("S", n), text: `${word("S", n)}.token+/=` }
  if (!findSecrets.some((one) => one.word === planted.word)) findSecrets.push(planted)
  return planted
}

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 })

const keyFile = (token_uri: string) => {
  const private_key = String(privateKey.export({ type: "pkcs8", format: "pem" }))
  findSecrets.push({ text: private_key, word: private_key.slice(100, 140) })
  return json({ client_email: "a@b.example", private_key, token_uri })
}

const repeatsAssertion: Act = (socket, _said, asked) => {
  const assertion = decodeURIComponent(/assertion=([^&]+)/.exec(asked)?.[1] ?? "")
  findSecrets.push({ text: assertion, word: assertion.slice(-40) })
  socket.write(answer(json({ error: "invalid_grant", error_description: `not good: ${assertion}` }), 400))
}

/** Secrets that are fetched or used to sign. */
export const fetched: Readonly<Record<string, Meet>> = {
  "an issuer that echoes a client's secret": asking("client", ({ secret, spelled: spelledAs }) => {
    const url = issuer(
      responseThat((it) => answer(json({ error: "invalid_client", error_description: it }), 401)),
      spelledAs(secret),
    )
    return {
      parameters: { oauth2_token_url: url },
      credential: { ...client, client_secret: secret, key_0: "x", key_21: "x", key_28: "x" },
    }
  }),
  "an issuer that echoes an assertion": asking("google", () => ({
    credential: { google_service_account: keyFile(issuer(repeatsAssertion)), key_0: "x", key_21: "x", key_28: "x" },
  })),
  "an upstream that echoes a fetched token": async (met) => {
    const { text } = plant(45)
    const url = issuer(responseThat(() => answer(json({ access_token: text, expires_in: 3_600 }))))
    const credential = { ...client, client_secret: "the-secret", key_0: "x", key_21: "x", key_28: "x" }
    const connector = () => ({ parameters: { oauth2_token_url: url }, credential })
    return asking("token", connector, true)({ ...met, said: met.spelled(text) })
  },
  "an upstream that echoes a signature": async (met) => {
    const [access_key, secret_key, session_token] = [46, 47, 48].map((n) => plant(n).text)
    const connector = () => ({
      protocol: "aws_sigv4",
      parameters: { region: "us-east-1", service_name: "bedrock" },
      credential: { access_key, secret_key, session_token, key_0: "x", key_21: "x", key_28: "x" },
    })
    const said = [access_key, secret_key, session_token].map((text = "") => met.spelled(text)).join(" and ")
    return asking("signed", connector, true)({ ...met, said })
  },
}
