/**
 * A vector as base64 of its numbers, the least significant byte first, as providers send it for `"encoding_format": "base64"`.
 * Source: https://platform.openai.com/docs/api-reference/embeddings/create
 */
import { Result } from "effect"
import type { DataType } from "../response/Tensor.ts"

/** Reads the numbers of a type; fails with a sentence where the text is not base64 of them. */
export const read = (text: string, type: DataType): Result.Result<ReadonlyArray<number>, string> => {
  const reader = readers[type]
  if (reader === undefined)
    return Result.fail(`The embedding is a text, and vectors of ${type} are not read from base64.`)
  const bytes = Buffer.from(text, "base64")
  // Only what is base64 to the letter, so that a word in place of a vector is not taken for one.
  if (bytes.length === 0 || bytes.toString("base64") !== text || bytes.length % reader.width !== 0)
    return Result.fail(unreadable(type))
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const numbers = Array.from({ length: bytes.length / reader.width }, (_, i) => reader.at(view, i * reader.width))
  return numbers.every(isPlausible) ? Result.succeed(numbers) : Result.fail(unreadable(type))
}

const unreadable = (type: DataType) =>
  `The embedding is a text, but not base64 of ${type} numbers. Ask the provider for lists of numbers.`

/** Bytes of another type read as floats are mostly no numbers, or of a size that no embedding has. */
const isPlausible = (number: number): boolean => Math.abs(number) < 1e9

interface Reader {
  /** In bytes. */
  readonly width: number
  readonly at: (bytes: DataView, offset: number) => number
}

const signed: Reader = { width: 1, at: (bytes, offset) => bytes.getInt8(offset) }
const unsigned: Reader = { width: 1, at: (bytes, offset) => bytes.getUint8(offset) }

const readers: Partial<Record<DataType, Reader>> = {
  FLOAT32: { width: 4, at: (bytes, offset) => bytes.getFloat32(offset, true) },
  FLOAT64: { width: 8, at: (bytes, offset) => bytes.getFloat64(offset, true) },
  INT8: signed,
  BINARY: signed,
  UINT8: unsigned,
  UBINARY: unsigned,
}
