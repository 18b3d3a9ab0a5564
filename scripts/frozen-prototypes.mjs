// Runs before each test file: adding to a built-in prototype throws, and changing one fails the test. A prototype that
// a JSON document could modify would be modified for the whole process.
import { afterEach } from "vitest"

const builtIns = [Object, Function, Array, String, Number, Boolean, BigInt, Symbol, Error, RegExp, Date, Promise]
const collections = [Map, Set, WeakMap, WeakSet, ArrayBuffer, Uint8Array, Object.getPrototypeOf(Uint8Array)]
const prototypes = [...builtIns, ...collections].map(({ prototype }) => prototype)

// Not frozen: if a prototype's property is read-only, libraries can no longer set a property of that name on their own
// objects.
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
