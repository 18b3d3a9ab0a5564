/** Stores a server and its credentials, once they work. */
import { resolve } from "node:path"
import process from "node:process"
import { Effect, Option, Redacted } from "effect"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Prompt from "effect/cli/Prompt"
import { wrongUse } from "../Failure.ts"
import * as InputFile from "../InputFile.ts"
import * as Output from "../Output.ts"
import * as Secret from "../Secret.ts"
import * as ServerConnection from "../server/ServerConnection.ts"
import * as ContextFile from "../server/ContextFile.ts"
import * as Session from "../Session.ts"
import * as Whoami from "./whoami.ts"

const reference = "env:VARIABLE|file:PATH|-"

export const command = Command.make(
  "login",
  {
    address: Argument.String("url").pipe(
      Argument.withDescription("The server, such as https://drawbar.example:9200"),
      Argument.optional,
    ),
    name: Flag.String("name").pipe(
      Flag.withDescription("The name of the context; the server's host and port by default"),
      Flag.optional,
    ),
    key: Flag.String("key").pipe(
      Flag.withMetavar(reference),
      Flag.withDescription("Where to read an API key; - for standard input"),
      Flag.optional,
    ),
    user: Flag.String("user").pipe(Flag.withDescription("The name of a user, in place of an API key"), Flag.optional),
    password: Flag.String("password").pipe(
      Flag.withMetavar(reference),
      Flag.withDescription("Where to read the user's password; - for standard input"),
      Flag.optional,
    ),
    caFile: Flag.String("ca-file").pipe(
      Flag.withMetavar("FILE"),
      Flag.withDescription("The authority that issued the server's certificate (PEM)"),
      Flag.optional,
    ),
  },
  Effect.fnUntraced(function* ({ address, name, key, user, password, caFile }) {
    if (Option.isSome(key) && Option.isSome(user)) return yield* wrongUse("login takes --key or --user, not both")
    if (Option.isSome(password) && Option.isNone(user)) return yield* wrongUse("--password requires --user NAME")
    const chosen = Option.isSome(address) ? address.value : (yield* ServerConnection.find).url
    if (!/^https?:\/\//i.test(chosen) || !URL.canParse(chosen))
      return yield* wrongUse(`${chosen} is not a valid URL; use the form https://drawbar.example:9200`)
    const url = chosen.replace(/\/+$/, "")
    const title = Option.getOrElse(name, () => new URL(url).host)
    if (!/^[\w.:[\]-]{1,100}$/.test(title))
      return yield* wrongUse(`--name ${title} must consist of letters, digits and . _ : -, at most 100 characters`)

    const context: ContextFile.Context = {
      url,
      ...(Option.isSome(user)
        ? { user: user.value, password: yield* secret("--password", password, "Password") }
        : Option.isSome(key)
          ? { key: yield* secret("--key", key, "API key") }
          : {}),
      ...(Option.isSome(caFile) ? { ca_file: resolve(caFile.value) } : {}),
    }
    const [works, session, identity] = yield* tried(context)

    const stored = yield* ContextFile.read
    yield* ContextFile.write({ current: title, contexts: { ...stored.contexts, [title]: works } })
    yield* Output.print(
      session.output,
      JSON.stringify({ name: title, url, ...identity.value }),
      `${Whoami.sentence(identity.value, url)}\nStored as context ${title} in ${ContextFile.path()}`,
      [title],
    )
  }),
).pipe(
  Command.withDescription("Store a server and credentials for the commands that follow"),
  Command.withExamples([
    { command: "drawbar login http://127.0.0.1:9200" },
    { command: "drawbar login https://drawbar.example:9200 --key env:DRAWBAR_API_KEY --name work" },
    { command: "drawbar login https://drawbar.example:9200 --user ada --password file:./password --ca-file ca.pem" },
  ]),
)

/** Asks the server who the caller is; a person at a terminal is asked for the key that it requires. */
const tried = Effect.fnUntraced(function* (context: ContextFile.Context) {
  const attempt = Effect.fnUntraced(function* (context: ContextFile.Context) {
    const session = yield* Session.openTo({
      url: context.url,
      chosenBy: "login",
      context: undefined,
      credentials: ServerConnection.ofContext(context, "login"),
      caFile: context.ca_file,
    })
    const { client, ask } = session
    return [context, session, yield* ask(client.principals.whoami(Session.whole))] as const
  })
  const hasNone = context.key === undefined && context.user === undefined
  return yield* attempt(context).pipe(
    Effect.catch((failure) =>
      hasNone && process.stdin.isTTY && failure._tag === "Failed" && failure.message.includes("status 401")
        ? Effect.flatMap(secret("--key", Option.none(), "API key"), (key) => attempt({ ...context, key }))
        : Effect.fail(failure),
    ),
  )
})

const secret = Effect.fnUntraced(function* (flag: string, given: Option.Option<string>, title: string) {
  if (Option.isSome(given) && given.value === "-") return (yield* InputFile.source("-")).replace(/\r?\n$/, "")
  if (Option.isSome(given)) return yield* Secret.value(flag, given.value)
  if (process.stdin.isTTY) return Redacted.value(yield* Prompt.run(Prompt.Hidden({ message: title })))
  return yield* wrongUse(`${flag} is required: ${flag} env:VARIABLE, file:PATH, or - for standard input`)
})
