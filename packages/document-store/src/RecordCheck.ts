/**
 * Decodes records before they are written, the way they will be read. A record that could not be read again is
 * rejected.
 */
import { type DecodeError, InvalidField } from "@drawbar/json-text/DecodeError"
import * as Json from "@drawbar/json-text/Json"
import { Result } from "effect"
import * as StoreBounds from "./StoreBounds.ts"
import type { Collection, Write } from "./Document.ts"
import { StoreError } from "./StoreError.ts"

/** Decodes a record. */
export type RecordReader = (source: unknown) => Result.Result<unknown, DecodeError>

/** A collection without a reader accepts any JSON. */
export type RecordReaders = Readonly<Partial<Record<Collection, RecordReader>>>

export const check = (readers: RecordReaders, writes: ReadonlyArray<Write>): Result.Result<void, StoreError> => {
  for (const write of writes) {
    if (write._tag === "Delete") continue
    const checked = checkOne(readers, write)
    if (Result.isFailure(checked)) return Result.fail(StoreError.from(checked.failure))
  }
  return Result.void
}

const checkOne = (
  readers: RecordReaders,
  { collection, id, source, sealed = {} }: Exclude<Write, { _tag: "Delete" }>,
): Result.Result<unknown, InvalidField> => {
  const text = Json.stringify(source)
  const bytes = Buffer.byteLength(text) + Buffer.byteLength(Json.stringify(sealed))
  const maxBytes = StoreBounds.recordBytes + (collection === "version" ? StoreBounds.versionBytes : 0)
  if (bytes > maxBytes)
    return Result.fail(
      unfit(
        `The ${collection} [${id}] would take ${bytes} bytes: a record takes ${maxBytes} at most. Send a smaller one`,
      ),
    )
  const json = Result.mapError(Json.parse(text), ({ message }) =>
    unfit(`The ${collection} [${id}] could not be read again: ${message}`),
  )
  const read = readers[collection]
  return read === undefined
    ? json
    : Result.flatMap(json, (value) => Result.mapError(read(value), ({ reason }) => reason))
}

const unfit = (message: string) => new InvalidField({ pointer: "", message })
