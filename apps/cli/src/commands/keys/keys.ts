import { readFile } from "node:fs/promises"
import * as Json from "@drawbar/json-text/Json"
import { KeyRing } from "@drawbar/registry/secrets/KeyRing"
import { Console, Context, Effect, Layer } from "effect"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { failed } from "../../Failure.ts"
import * as Output from "../../Output.ts"
import * as Session from "../../Session.ts"

const rotate = Command.make(
  "rotate",
  {},
  Effect.fnUntraced(function* () {
    const { client, ask, output } = yield* Session.open
    const { value, text } = yield* ask(client.keys.rotate(Session.whole))
    const words = `The key ${value.key} seals from now on; ${value.records} records were sealed anew.\nBack the key ring up again: older backups of it lack this key.`
    yield* Output.print(output, text, words)
  }),
).pipe(Command.withDescription("Make a new key and seal every stored credential with it; models go on answering"))

const doctor = Command.make(
  "doctor",
  {},
  Effect.fnUntraced(function* () {
    const { client, ask, output } = yield* Session.open
    const { value, text } = yield* ask(client.keys.doctor(Session.whole))
    const keys = value.keys.map(({ id, secrets }) => [id, String(secrets), id === value.active ? "seals" : "opens"])
    const lost = value.unreadable.map(({ collection, id, field, why }) => `${collection} ${id}, ${field}: ${why}`)
    yield* Output.print(output, text, [Output.table(["key", "secrets", "now"], keys), ...lost].join("\n"))
    if (lost.length > 0) return yield* failed(`${lost.length} secrets cannot be opened`)
  }),
).pipe(Command.withDescription("Say which keys have sealed how much, and what cannot be opened"))

const keyring = Flag.String("keyring").pipe(
  Flag.withDescription("The ring's file, on this machine"),
  Flag.withDefault("./data/keyring.json"),
)

const create = Command.make(
  "create",
  { keyring },
  Effect.fnUntraced(function* ({ keyring }) {
    const opened = Layer.build(KeyRing.layerFile(keyring, Effect.succeed(new Set<string>())))
    const ring = yield* Effect.scoped(opened).pipe(Effect.catch(({ message }) => failed(message)))
    const { isNew, current } = Context.get(ring, KeyRing)
    if (!isNew) return yield* failed(`there is a key ring in ${keyring} already`)
    yield* Console.log(
      `The key ring ${keyring} begins with the key ${current().active.id}. Back it up, apart from the records.`,
    )
  }),
).pipe(Command.withDescription("Begin a key ring in the place of one that is lost for good"))

const exported = Command.make(
  "export",
  { keyring },
  Effect.fnUntraced(function* ({ keyring }) {
    const text = yield* Effect.tryPromise({
      try: () => readFile(keyring, "utf8"),
      catch: (cause) => failed(`the key ring ${keyring} cannot be read: ${Reflect.get(Object(cause), "code")}`),
    }).pipe(Effect.catch((failure) => failure))
    const ring = yield* Effect.mapError(Effect.fromResult(Json.parse(text)), () => undefined).pipe(
      Effect.catch(() => failed(`the key ring ${keyring} is no JSON`)),
    )
    yield* Console.log(Json.stringify(ring))
  }),
).pipe(
  Command.withDescription(
    "Print the key ring in one line, for a backup or for --keyring env:VARIABLE. Whoever has it opens every stored credential",
  ),
)

export const command = Command.make("keys").pipe(
  Command.withDescription("The keys that seal stored credentials"),
  Command.withSubcommands([rotate, doctor, exported, create]),
)
