import { readFile } from "node:fs/promises"
import * as Json from "@drawbar/json-text/Json"
import { Console, Context, Effect, Layer } from "effect"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { failed } from "../../Failure.ts"
import * as Output from "../../Output.ts"
import * as Session from "../../Session.ts"
import * as FileFailure from "@drawbar/server/options/FileFailure"

const rotate = Command.make(
  "rotate",
  {},
  Effect.fnUntraced(function* () {
    const { client, ask, output } = yield* Session.open
    const { value, text } = yield* ask(client.keys.rotate(Session.whole))
    const words = `The key ${value.key} is now active; ${value.records} records were re-encrypted.\nBack up the key ring again: older backups do not contain this key.`
    yield* Output.print(output, text, words)
  }),
).pipe(
  Command.withDescription(
    "Create a new encryption key and re-encrypt every stored credential with it; models stay available",
  ),
)

const doctor = Command.make(
  "doctor",
  {},
  Effect.fnUntraced(function* () {
    const { client, ask, output } = yield* Session.open
    const { value, text } = yield* ask(client.keys.doctor(Session.whole))
    const keys = value.keys.map(({ id, secrets }) => [id, String(secrets), id === value.active ? "seals" : "opens"])
    const lost = value.unreadable.map(({ collection, id, field, why }) => `${collection} ${id}, ${field}: ${why}`)
    yield* Output.print(output, text, [Output.table(["key", "secrets", "now"], keys), ...lost].join("\n"))
    if (lost.length > 0) return yield* failed(`${lost.length} secrets cannot be decrypted`)
  }),
).pipe(
  Command.withDescription("Show how many secrets each encryption key protects, and which secrets cannot be decrypted"),
)

const keyring = Flag.String("keyring").pipe(
  Flag.withDescription("The local file of the key ring"),
  Flag.withDefault("./data/keyring.json"),
)

const create = Command.make(
  "create",
  { keyring },
  Effect.fnUntraced(function* ({ keyring }) {
    // Loads lazily what only this command needs.
    const { KeyRing } = yield* Effect.promise(() => import("@drawbar/registry/secrets/KeyRing"))
    const opened = Layer.build(KeyRing.layerFile(keyring, Effect.succeed(new Set<string>())))
    const ring = yield* Effect.scoped(opened).pipe(Effect.catch(({ message }) => failed(message)))
    const { isNew, current } = Context.get(ring, KeyRing)
    if (!isNew) return yield* failed(`the key ring ${keyring} already exists`)
    yield* Console.log(
      `Created the key ring ${keyring} with the key ${current().active.id}. Back it up separately from the records.`,
    )
  }),
).pipe(Command.withDescription("Create a key ring to replace one that is permanently lost"))

const exported = Command.make(
  "export",
  { keyring },
  Effect.fnUntraced(function* ({ keyring }) {
    const text = yield* Effect.tryPromise({
      try: () => readFile(keyring, "utf8"),
      catch: (cause) => failed(`cannot read the key ring ${keyring}: ${FileFailure.reasonOf(cause)}`),
    }).pipe(Effect.catch((failure) => failure))
    const ring = yield* Effect.mapError(Effect.fromResult(Json.parse(text)), () => undefined).pipe(
      Effect.catch(() => failed(`the key ring ${keyring} is not valid JSON`)),
    )
    yield* Console.log(Json.stringify(ring))
  }),
).pipe(
  Command.withDescription(
    "Print the key ring on one line, for a backup or for --keyring env:VARIABLE. The key ring decrypts every stored credential: keep it secret",
  ),
)

export const command = Command.make("keyring").pipe(
  Command.withDescription("The encryption keys of stored credentials"),
  Command.withSubcommands([rotate, doctor, exported, create]),
)
