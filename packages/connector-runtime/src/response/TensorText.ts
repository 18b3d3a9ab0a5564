/** Tensors written as JSON, by another ML Commons or by a script. */
import { slices, type JsonSource } from "@drawbar/json-text/JsonSource"
import type { Node } from "../processors/PostProcessor.ts"
import { type DataType, dataTypes, type Tensor } from "./Tensor.ts"

/** The tensor at a node; fields that have not the type they should are left out. */
export const read = (source: JsonSource, node: Node): Tensor => {
  const field = (name: keyof Tensor) => member(node, name).value
  const text = (name: keyof Tensor) => slices(source, [member(node, name).location])[0] ?? "null"
  const name = field("name")
  const result = field("result")
  const shape = field("shape")
  const data_type = typeOf(field("data_type"))
  return {
    ...(typeof name === "string" ? { name } : {}),
    ...(data_type === undefined ? {} : { data_type }),
    ...(isNumbers(shape) ? { shape } : {}),
    ...(Array.isArray(field("data")) ? { data: text("data") } : {}),
    ...(isMap(field("byte_buffer")) ? { byte_buffer: text("byte_buffer") } : {}),
    ...(typeof result === "string" ? { result } : {}),
    ...(isMap(field("dataAsMap")) ? { dataAsMap: text("dataAsMap") } : {}),
  }
}

/** The `data_type` of a value, where it is a text and none of those known. */
export const unknownType = (value: unknown): string | undefined => {
  const name = isMap(value) ? Object.getOwnPropertyDescriptor(value, "data_type")?.value : undefined
  return typeof name === "string" && typeOf(name) === undefined ? name : undefined
}

/** Whether a value has any field of a tensor. */
export const isTensor = (value: unknown): boolean => isMap(value) && fields.some((name) => Object.hasOwn(value, name))

export const member = ({ location, value }: Node, name: string): Node => ({
  location: [...location, name],
  value: isMap(value) ? Object.getOwnPropertyDescriptor(value, name)?.value : undefined,
})

export const isMap = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const fields = ["name", "data_type", "shape", "data", "byte_buffer", "result", "dataAsMap"]

const typeOf = (name: unknown): DataType | undefined => dataTypes.find((known) => known === name)

const isNumbers = (value: unknown): value is ReadonlyArray<number> =>
  Array.isArray(value) && value.every((item) => typeof item === "number")
