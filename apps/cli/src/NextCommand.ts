/** Commands that a message proposes: they work as they are printed. */
import process from "node:process"
import * as CommandName from "@drawbar/server/options/CommandName"
import * as Json from "@drawbar/json-text/Json"
import { Effect } from "effect"
import * as Session from "./Session.ts"

/** `drawbar`, as the user typed it. */
export const drawbar = CommandName.of(process.env)

type Open = Effect.Success<typeof Session.open>

/** A word of a command line; POSIX shells take text in single quotes literally. */
export const word = (text: string): string =>
  /^[\w./:@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`

export const register = ({ again }: Pick<Open, "again">, connectorId: string, name: string): string =>
  `${drawbar} model register --name ${word(name)} --connector ${connectorId} --deploy${again}`

export const onFile = (command: "validate" | "create", file: string): string =>
  `${drawbar} connector ${command} ${word(file)}`

export const key = ({ again }: Pick<Open, "again">, modelId: string): string =>
  `${drawbar} key create my-application --role application --model ${modelId}${again}`

/** A predict with an input of the kind that the model's connector takes. */
export const predict = Effect.fnUntraced(function* (session: Open, modelId: string) {
  const { client, ask, again } = session
  const connector = yield* Effect.gen(function* () {
    const { value } = yield* ask(client.models.get({ params: { model_id: modelId }, query: {}, ...Session.whole }))
    if (typeof value["connector_id"] !== "string") return value["connector"]
    const found = yield* ask(
      client.connectors.get({ params: { connector_id: value["connector_id"] }, query: {}, ...Session.whole }),
    )
    return found.value
    // The input is a convenience: without the connector the command is printed without it.
  }).pipe(Effect.catch(() => Effect.void))
  return `${drawbar} model predict ${modelId}${inputFor(connector)}${again}`
})

const inputFor = (connector: unknown): string => {
  const { actions, parameters } = Object(connector)
  const action = (Array.isArray(actions) ? actions : [])
    .map(Object)
    .find(({ action_type }) => /^predict$/i.test(action_type))
  if (action === undefined) return ""
  if (typeof action.pre_process_function === "string")
    return /rerank|text_similarity/.test(action.pre_process_function)
      ? ` --query ${word(greeting)} --text ${word(greeting)} --text ${word("Something else")}`
      : ` --text ${word(greeting)}`
  const body = String(action.request_body ?? "")
  const open = [...body.matchAll(/("?)\$\{parameters\.([\w.-]+)\}/g)]
    .map(([, quote = "", name = ""]) => ({ name, isText: quote !== "" }))
    .filter(
      ({ name }, at, all) =>
        !Object.hasOwn(Object(parameters), name) && all.findIndex((one) => one.name === name) === at,
    )
  return open
    .map(({ name, isText }) =>
      isText
        ? ` --param ${word(`${name}=${greeting}`)}`
        : ` --param ${word(`${name}:=${Json.stringify(samples[name] ?? greeting)}`)}`,
    )
    .join("")
}

const greeting = "Hello from Drawbar"

/** By the names that providers share. */
const samples: Readonly<Record<string, Json.Json>> = {
  messages: [{ role: "user", content: greeting }],
  contents: [{ role: "user", parts: [{ text: greeting }] }],
  input: [greeting],
  inputs: [greeting],
  texts: [greeting],
  documents: [greeting, "Something else"],
  max_tokens: 16,
  temperature: 0,
}
