/**
 * Moves all records of a store as lines of JSON: a header, a line for each record, and a last line that counts them, by
 * which a file that was cut off is recognised. Sealed parts stay sealed: without the key ring, no copy opens them.
 */
import { decode } from "@drawbar/json-text/Decode"
import * as Json from "@drawbar/json-text/Json"
import { Data, Effect, Option, Result, Schema, Stream } from "effect"
import { ChangeFeed } from "./ChangeFeed.ts"
import { collections, type Document, type Write } from "./Document.ts"
import { DocumentStore } from "./DocumentStore.ts"
import type { StoreError } from "./StoreError.ts"

/** The lines cannot be imported; `message` names the line and the problem. */
export class InvalidTransfer extends Data.TaggedError("InvalidTransfer")<{ readonly message: string }> {}

const format = 1

const Header = Schema.Struct({ drawbar: Schema.Literal("registry"), format: Schema.Literal(format) })
const Footer = Schema.Struct({ records: Schema.Int })
const Line = Schema.Struct({
  collection: Schema.Literals(collections),
  id: Schema.NonEmptyString,
  sealed: Schema.Record(Schema.String, Schema.String),
})

/** All records, as they are read: other processes should not write meanwhile. */
export const lines: Stream.Stream<string, StoreError, DocumentStore> = Stream.unwrap(
  Effect.map(DocumentStore, (store) => {
    let records = 0
    const of = (collection: (typeof collections)[number]) =>
      Stream.map(store.all(collection), ({ id, source, sealed }) => {
        records++
        return Json.stringify({ collection, id, source, sealed })
      })
    return Stream.make(Json.stringify({ drawbar: "registry", format })).pipe(
      Stream.concat(Stream.flatMap(Stream.fromIterable(collections), of)),
      Stream.concat(Stream.suspend(() => Stream.make(Json.stringify({ records })))),
    )
  }),
)

/** Records of one transaction. */
const batch = 50

type Create = Extract<Write, { _tag: "Create" }>

/**
 * Writes the records of these lines; returns how many they are. Those that the store has already are left, so that an
 * import that was cut off can be repeated; one that differs is an error.
 */
export const write = Effect.fnUntraced(function* <E, R>(from: Stream.Stream<string, E, R>) {
  const store = yield* DocumentStore
  const feed = yield* ChangeFeed
  let read = 0
  let counted: number | undefined

  const recordIn = (text: string): Result.Result<Create | undefined, InvalidTransfer> => {
    const number = ++read
    const wrong = (what: string) => new InvalidTransfer({ message: `Line ${number} ${what}` })
    const json = Result.getOrUndefined(Json.parse(text))
    if (number === 1)
      return Result.mapBoth(decode(Header)(json), {
        onFailure: () =>
          wrong(`is not {"drawbar":"registry","format":${format}}: this is not an export, or one of a newer version`),
        onSuccess: () => undefined,
      })
    if (counted !== undefined) return Result.fail(wrong("follows the end of the export"))
    const end = decode(Footer)(json)
    if (Result.isSuccess(end)) {
      counted = end.success.records
      return counted === number - 2
        ? Result.succeed(undefined)
        : Result.fail(wrong(`counts ${counted} records, but ${number - 2} came before it`))
    }
    const source = Json.isObject(json) ? json["source"] : undefined
    if (!Json.isObject(source)) return Result.fail(wrong("is not a record with collection, id, source and sealed"))
    return Result.mapBoth(decode(Line)(json), {
      onFailure: ({ message }) => wrong(`is not a record: ${message}`),
      onSuccess: ({ collection, id, sealed }) => ({ _tag: "Create", collection, id, source, sealed }),
    })
  }

  const isNew = (record: Create) =>
    Effect.flatMap(store.get(record.collection, record.id), (found) => {
      if (Option.isNone(found)) return Effect.succeed(true)
      return isSame(found.value, record)
        ? Effect.succeed(false)
        : Effect.fail(
            new InvalidTransfer({
              message: `The store has another ${record.collection} [${record.id}] already. Import into an empty store`,
            }),
          )
    })

  yield* from.pipe(
    Stream.mapEffect((text) => Effect.fromResult(recordIn(text))),
    Stream.filter((record) => record !== undefined),
    Stream.grouped(batch),
    Stream.runForEach((records) =>
      Effect.flatMap(Effect.filter(records, isNew), (added) => (added.length === 0 ? Effect.void : feed.commit(added))),
    ),
  )
  if (counted === undefined)
    return yield* new InvalidTransfer({
      message: `The export ends after line ${read}, before its last line: it was cut off`,
    })
  return counted
})

const isSame = (one: Document, other: Create) =>
  Json.stringify(one.source) === Json.stringify(other.source) &&
  Json.stringify(one.sealed) === Json.stringify(other.sealed ?? {})
