import { prompts, secrets, spellings } from "../CanarySecrets.ts"
import { type Act, answer, portOf, remember, responseThat } from "../EchoingPlatform.ts"
import { register, blueprint, ml, say, mute, json, thirdOf } from "./LeakServer.ts"

export interface Met {
  readonly said: string
  readonly secret: string
  readonly prompt: string
  readonly third: number
  readonly spelled: (text: string) => string
}

/** Causes a reason; returns the observed statuses. */
export type Meet = (met: Met) => Promise<number>

export const models = new Map<string, Promise<string>>()

export const modelOf = (key: string, make: () => Promise<string>): Promise<string> => {
  const found = models.get(key) ?? make()
  models.set(key, found)
  return found
}

/** A predict whose upstream behaves like this. */
export const platformDoes =
  (act: Act, name = "plain", action: object = {}, more: object = {}, registered: object = {}): Meet =>
  async ({ said, prompt, third }) => {
    const id = remember({ said, act })
    const model = await modelOf(`${name} ${third}`, () => register(name, blueprint(third, action, more), registered))
    const parameters = { q: `${prompt} #case#${id}` }
    const path = `${ml}/models/${model}/_predict`
    return (await say(name, "POST", path, { parameters }, { ofPlatform: true })).status
  }

/** An upstream that breaks the connection instead of responding, or never responds. */
export const breaksOff =
  (act: Act): Meet =>
  (met) =>
    platformDoes(act, "mute", { url: `http://127.0.0.1:${portOf(mute)}/say` })(met)

/** A predict that fails before an upstream receives the prompt. */
export const callerSends =
  (
    parameters: (met: Met) => unknown,
    name = "plain",
    action: object = {},
    more: object = {},
    registered: object = {},
  ): Meet =>
  async (met) => {
    const model = await modelOf(`${name} ${met.third}`, () =>
      register(name, blueprint(met.third, action, more), registered),
    )
    return (await say(name, "POST", `${ml}/models/${model}/_predict`, { parameters: parameters(met) })).status
  }

export const creates =
  (change: (met: Met) => object): Meet =>
  async (met) => {
    const document = { ...blueprint(met.third), ...change(met) }
    return (await say("create", "POST", `${ml}/connectors/_create`, document)).status
  }

export const urlIs = (url: (met: Met) => string) =>
  creates((met) => ({ actions: [{ ...blueprint(0).actions[0], url: url(met) }] }))

export const requests =
  (method: string, path: (met: Met) => string, body?: (met: Met) => unknown, who?: () => string, headers = {}): Meet =>
  async (met) => {
    const options = { ...(who === undefined ? {} : { who: who() }), headers }
    return (await say(`${method} ${path(met)}`, method, path(met), body?.(met), options)).status
  }

const embedding = {
  request_body: '{"all": ${parameters.texts}}',
  pre_process_function: "connector.pre_process.cohere.embedding",
}

export const typed =
  (algorithm: string, input: (prompt: string) => object, action: object = embedding): Meet =>
  async ({ said, prompt, third }) => {
    const id = remember({ said, act: responseThat((it) => answer(json({ message: it }), 500)) })
    const key = `typed ${third} ${json(action)}`
    const model = await modelOf(key, () => register("typed", blueprint(third, action)))
    const path = `${ml}/_predict/${algorithm}/${model}`
    const ofPlatform = action === embedding
    return (await say(algorithm, "POST", path, input(`${prompt} #case#${id}`), { ofPlatform })).status
  }

export const elsewhere = (why: string) => why

export const spelled = Object.entries(spellings)

export const metBy = (n: number, spell: (text: string, n: number) => string): Met => {
  const secret = secrets[n % secrets.length]?.text ?? ""
  const prompt = prompts[(n * 7) % prompts.length]?.text ?? ""
  const spelledAs = (text: string) => spell(text, n)
  const said = `${spelledAs(secret)} and ${spelledAs(prompt)}`
  return { said, secret, prompt, third: thirdOf(n % secrets.length), spelled: spelledAs }
}
