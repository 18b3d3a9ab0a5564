/** `Number` and its classes, `Boolean`, `Character`, and the methods of every object. */
import * as Arithmetic from "../run/Arithmetic.ts"
import * as Equality from "../run/Equality.ts"
import * as JavaText from "../run/JavaText.ts"
import { Exception } from "../run/Exception.ts"
import { Char, Double, Float, JavaArray, Small, type Value } from "../run/Value.ts"
import * as Method from "./Method.ts"
import * as Order from "./Order.ts"
import * as MethodParameter from "./MethodParameter.ts"

const any = Method.on((self) => self)
const exception = Method.on(Method.receiver((value) => value instanceof Exception))

export const object = Method.table([
  any.m0("toString", "String", (self, run) => JavaText.of(self, run)),
  any.m0("hashCode", "int", (self, run) => Equality.hashOf(self, run)),
  any.m1("equals", "boolean", MethodParameter.any, (self, other, run) => Equality.equals(self, other, run)),
])

export const number = Method.table([
  any.m0("intValue", "int", Arithmetic.toInt),
  any.m0("longValue", "long", Arithmetic.toLong),
  any.m0("doubleValue", "double", (self) => (self instanceof Double ? self : new Double(Arithmetic.toDouble(self)))),
  any.m0("floatValue", "float", (self) => new Float(Arithmetic.toDouble(self))),
  any.m0("shortValue", "short", (self) => new Small("short", Arithmetic.toInt(self))),
  any.m0("byteValue", "byte", (self) => new Small("byte", Arithmetic.toInt(self))),
])

export const comparable = Method.table([any.m1("compareTo", "int", MethodParameter.any, Order.natural)])

const isNaN = (value: Value): boolean => Number.isNaN(Arithmetic.toDouble(value))
const isInfinite = (value: Value): boolean => Math.abs(Arithmetic.toDouble(value)) === Infinity

/** The additional methods of `Double` and `Float`. */
export const floating = Method.table([any.m0("isNaN", "boolean", isNaN), any.m0("isInfinite", "boolean", isInfinite)])

export const boolean = Method.table([any.m0("booleanValue", "boolean", (self) => self)])

export const character = Method.table([any.m0("charValue", "char", (self) => (self instanceof Char ? self : null))])

export const exceptionTable = Method.table([
  exception.m0("getMessage", "String", (self) => self.message),
  exception.m0("getLocalizedMessage", "String", (self) => self.message),
])

export const array = Method.table([
  Method.on(Method.receiver((value) => value instanceof JavaArray)).m0("getLength", "int", (self) => self.items.length),
])
