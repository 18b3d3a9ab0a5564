/** What a caller wants to have of a model's tensors: which of them, and their numbers as JSON, as bytes or not at all. */
import type { ResultFilter } from "../call/PredictInput.ts"
import type { DataType, Tensor } from "./Tensor.ts"

export const apply = (filter: ResultFilter, tensors: ReadonlyArray<Tensor>): ReadonlyArray<Tensor> =>
  tensors.filter((tensor, position) => isWanted(filter, tensor, position)).map((tensor) => shown(filter, tensor))

const isWanted = (filter: ResultFilter, { name }: Tensor, position: number): boolean => {
  const names = filter.target_response ?? []
  const positions = filter.target_response_positions ?? []
  if (names.length === 0 && positions.length === 0) return true
  return positions.includes(position) || (name !== undefined && names.includes(name))
}

const shown = ({ return_bytes, return_number }: ResultFilter, tensor: Tensor): Tensor => {
  const { data, ...rest } = tensor
  if (data === undefined) return tensor
  const bytes = return_bytes === true ? bytesOf(data, tensor.data_type) : undefined
  return {
    ...rest,
    ...(return_number === false ? {} : { data }),
    ...(bytes === undefined
      ? {}
      : { byte_buffer: JSON.stringify({ array: bytes.toString("base64"), order: "LITTLE_ENDIAN" }) }),
  }
}

/** The numbers of `data` one after the other, the least significant byte first; nothing for a type that has no width. */
const bytesOf = (data: string, type: DataType = "FLOAT32"): Buffer | undefined => {
  const put = writers[type]
  if (put === undefined) return undefined
  const numbers: ReadonlyArray<number> = JSON.parse(data)
  const bytes = new DataView(new ArrayBuffer(numbers.length * put.width))
  numbers.forEach((number, i) => put.write(bytes, i * put.width, number))
  return Buffer.from(bytes.buffer)
}

interface Writer {
  readonly width: number
  readonly write: (bytes: DataView, at: number, number: number) => void
}

const octet: Writer = { width: 1, write: (bytes, at, number) => bytes.setInt8(at, number) }

const writers: Partial<Record<DataType, Writer>> = {
  FLOAT32: { width: 4, write: (bytes, at, number) => bytes.setFloat32(at, number, true) },
  FLOAT64: { width: 8, write: (bytes, at, number) => bytes.setFloat64(at, number, true) },
  INT32: { width: 4, write: (bytes, at, number) => bytes.setInt32(at, number, true) },
  INT64: { width: 8, write: (bytes, at, number) => bytes.setBigInt64(at, BigInt(Math.trunc(number)), true) },
  INT8: octet,
  UINT8: octet,
  BINARY: octet,
  UBINARY: octet,
}
