/** The only way from a name in a script to its implementation: closed tables, by class. */
import * as ExceptionType from "../run/ExceptionType.ts"
import * as Type from "../run/Type.ts"
import * as CollectionMembers from "./CollectionMembers.ts"
import * as ComparatorMembers from "./ComparatorMembers.ts"
import * as DecimalMembers from "./DecimalMembers.ts"
import * as LambdaMembers from "./LambdaMembers.ts"
import * as MapMembers from "./MapMembers.ts"
import { key, type Method, type Table } from "./Method.ts"
import * as NumberMembers from "./NumberMembers.ts"
import * as OptionalMembers from "./OptionalMembers.ts"
import * as RegexMembers from "./RegexMembers.ts"
import * as StreamMembers from "./StreamMembers.ts"
import * as StringBuilderMembers from "./StringBuilderMembers.ts"
import * as StringMembers from "./StringMembers.ts"
import * as TimeMembers from "./TimeMembers.ts"

const own: ReadonlyMap<string, Table> = new Map([
  ["Object", NumberMembers.object],
  ["Number", NumberMembers.number],
  ["Comparable", NumberMembers.comparable],
  ["Double", NumberMembers.floating],
  ["Float", NumberMembers.floating],
  ["Boolean", NumberMembers.boolean],
  ["Character", NumberMembers.character],
  ["BigDecimal", DecimalMembers.decimal],
  ["BigInteger", DecimalMembers.integer],
  ["CharSequence", StringMembers.charSequence],
  ["String", StringMembers.table],
  ["StringBuilder", StringBuilderMembers.table],
  ["Iterable", CollectionMembers.iterable],
  ["Collection", CollectionMembers.table],
  ["List", CollectionMembers.listTable],
  ["Set", CollectionMembers.setTable],
  ["Iterator", CollectionMembers.iterator],
  ["Map", MapMembers.table],
  ["Map.Entry", MapMembers.entryTable],
  ["Stream", StreamMembers.table],
  ["IntStream", StreamMembers.intTable],
  ["LongStream", StreamMembers.longTable],
  ["DoubleStream", StreamMembers.doubleTable],
  ["Optional", OptionalMembers.table],
  ["OptionalInt", OptionalMembers.intTable],
  ["OptionalLong", OptionalMembers.longTable],
  ["OptionalDouble", OptionalMembers.doubleTable],
  ["Pattern", RegexMembers.patternTable],
  ["Matcher", RegexMembers.matcherTable],
  ...TimeMembers.tables,
  ["Comparator", ComparatorMembers.table],
  ["Function", LambdaMembers.table],
  ["Exception", NumberMembers.exceptionTable],
])

const inherited = (type: string): Table => {
  const methods = new Map<string, Method>()
  for (const parent of Type.parentsOf(type)) for (const [key, method] of inherited(parent)) methods.set(key, method)
  for (const [key, method] of own.get(Type.box(type)) ?? []) methods.set(key, method)
  return methods
}

const everything: ReadonlyMap<string, Table> = new Map(
  [...Type.names, ...ExceptionType.names].map((type) => [type, inherited(type)]),
)

/** All methods of a class; an array has those of every object and its length. */
export const of = (type: string): Table => everything.get(type) ?? NumberMembers.array

const find = (type: string, name: string, arity: number): Method | undefined => of(type).get(key(name, arity))

const capital = (name: string): string => name.slice(0, 1).toUpperCase() + name.slice(1)

/** The method behind `value.name`, as `getName` or `isName`. */
export const getter = (type: string, name: string): Method | undefined =>
  find(type, `get${capital(name)}`, 0) ?? find(type, `is${capital(name)}`, 0)

/** The method behind `value.name = …`. */
export const setter = (type: string, name: string): Method | undefined => find(type, `set${capital(name)}`, 1)

/** The member names of a class, for suggestions. */
export const namesOf = (table: Table): ReadonlyArray<string> => [
  ...new Set(table.values().map((method) => method.name)),
]
