/** One named result of a model. Values are JSON text, so that what a platform sent is passed on digit by digit. */
export const dataTypes = [
  "FLOAT32",
  "FLOAT64",
  "FLOAT16",
  "UINT8",
  "INT32",
  "INT8",
  "INT64",
  "BOOLEAN",
  "UNKNOWN",
  "STRING",
  "BINARY",
  "UBINARY",
] as const
export type DataType = (typeof dataTypes)[number]

/** JSON text of the named shape. */
export type JsonText = string

export interface Tensor {
  readonly name?: string
  readonly data_type?: DataType
  readonly shape?: ReadonlyArray<number>
  /** An array of numbers. */
  readonly data?: JsonText
  /** An object `{ array: base64, order }`. */
  readonly byte_buffer?: JsonText
  readonly result?: string
  /** An object. */
  readonly dataAsMap?: JsonText
}

/** A vector as a tensor. `data` is the JSON text of an array of `length` numbers. */
export const vector = (name: string, data: JsonText, length: number, data_type: DataType): Tensor => ({
  name,
  data_type,
  shape: [length],
  data,
})

/** An answer as it is; `map` is the JSON text of an object. */
export const response = (map: JsonText): Tensor => ({ name: "response", dataAsMap: map })

/** Wraps a response that is not an object under the name `response`. `value` is its JSON text. */
export const wrapped = (value: JsonText): Tensor => response(`{"response":${value}}`)

export const toJsonText = (tensor: Tensor): JsonText => {
  const members: Array<string> = []
  if (tensor.name !== undefined) members.push(`"name":${JSON.stringify(tensor.name)}`)
  if (tensor.data_type !== undefined) members.push(`"data_type":"${tensor.data_type}"`)
  if (tensor.shape !== undefined) members.push(`"shape":[${tensor.shape.join(",")}]`)
  if (tensor.data !== undefined) members.push(`"data":${tensor.data}`)
  if (tensor.byte_buffer !== undefined) members.push(`"byte_buffer":${tensor.byte_buffer}`)
  if (tensor.result !== undefined) members.push(`"result":${JSON.stringify(tensor.result)}`)
  if (tensor.dataAsMap !== undefined) members.push(`"dataAsMap":${tensor.dataAsMap}`)
  return `{${members.join(",")}}`
}
