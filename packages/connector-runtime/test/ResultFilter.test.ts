import * as ResultFilter from "../src/response/ResultFilter.ts"
import * as Tensor from "../src/response/Tensor.ts"
import { expect, it } from "vitest"

const tensors = [
  Tensor.vector("sentence_embedding", "[1,-2.5]", 2, "FLOAT32"),
  Tensor.vector("small", "[1,-2]", 2, "INT8"),
  Tensor.response('{"a":1}'),
]
const float = '"name":"sentence_embedding","data_type":"FLOAT32","shape":[2]'
const small = '"name":"small","data_type":"INT8","shape":[2]'

it.each([
  [{}, [`{${float},"data":[1,-2.5]}`, `{${small},"data":[1,-2]}`, '{"name":"response","dataAsMap":{"a":1}}']],
  [{ target_response: ["small"], return_number: null }, [`{${small},"data":[1,-2]}`]],
  [
    { target_response: ["small"], target_response_positions: [2] },
    [`{${small},"data":[1,-2]}`, '{"name":"response","dataAsMap":{"a":1}}'],
  ],
  [{ target_response: ["nothing"] }, []],
  [{ return_number: false, target_response_positions: [0] }, [`{${float}}`]],
  [
    { return_number: false, return_bytes: true, target_response_positions: [0, 1] },
    [
      `{${float},"byte_buffer":{"array":"AACAPwAAIMA=","order":"LITTLE_ENDIAN"}}`,
      `{${small},"byte_buffer":{"array":"Af4=","order":"LITTLE_ENDIAN"}}`,
    ],
  ],
])("%j", (filter, expected) => expect(ResultFilter.apply(filter, tensors).map(Tensor.toJsonText)).toEqual(expected))
