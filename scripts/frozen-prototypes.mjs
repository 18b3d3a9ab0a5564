// Runs before each test file: what a test, or the code under it, adds to a built-in prototype throws, and what it changes there
// fails the test. A prototype that a JSON document could write to would be written to for everybody.
import { afterEach } from "vitest"

const builtIns = [Object, Function, Array, String, Number, Boolean, BigInt, Symbol, Error, RegExp, Date, Promise]
const collections = [Map, Set, WeakMap, WeakSet, ArrayBuffer, Uint8Array, Object.getPrototypeOf(Uint8Array)]
const prototypes = [...builtIns, ...collections].map(({ prototype }) => prototype)

// Not frozen: where a prototype's property cannot be written, libraries can no longer give their own objects one of that name.
for (const prototype of prototypes) Object.preventExtensions(prototype)

const propertiesOf = (prototype) =>
  Reflect.ownKeys(prototype).map((key) => [key, Reflect.getOwnPropertyDescriptor(prototype, key)])
const before = prototypes.map(propertiesOf)

afterEach(() => {
  for (const [i, prototype] of prototypes.entries())
    for (const [key, { value, get, set }] of before[i]) {
      const now = Reflect.getOwnPropertyDescriptor(prototype, key)
      if (now === undefined || !Object.is(now.value, value) || now.get !== get || now.set !== set)
        throw new Error(`${prototype.constructor?.name}.prototype.${String(key)} was changed`)
    }
})
