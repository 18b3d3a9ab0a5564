/**
 * JSONPath (RFC 9535, https://www.rfc-editor.org/rfc/rfc9535) in bounds: callers bring paths too, and a short one can ask for more
 * work than there is time.
 */
import * as Pattern from "@drawbar/linear-regex/Pattern"
import { Result } from "effect"
import {
  type FilterFunction,
  FunctionExpressionType,
  jsonpath,
  JSONPathEnvironment,
  type JSONPathNode,
  type JSONPathQuery,
  JSONPathRecursionLimitError,
  type JSONValue,
} from "json-p3"
import { WorkBudget, type Bounds, Exhausted, TooLarge } from "../chain/WorkBudget.ts"
import type { Share } from "@drawbar/egress/Share"
import * as TimeSlice from "@drawbar/egress/TimeSlice"

export interface JsonQuery {
  /** It names one place. */
  readonly isSingular: boolean
  /** It ends in a union of names, `['a','b']`: of one object where what stands before it names one place, else of many. */
  readonly union: "one" | "many" | undefined
  /** What it finds; fails with a sentence where that takes too much. */
  readonly nodes: (value: JSONValue) => Result.Result<ReadonlyArray<JSONPathNode>, string>
  /** As `nodes`, with turns of the event loop between what it finds; for one value at a time. */
  readonly nodesInTurns: (
    value: JSONValue,
    share?: Share,
  ) => Promise<Result.Result<ReadonlyArray<JSONPathNode>, string>>
  /** Of the last value; what is made of the nodes is spent of it, too. */
  readonly allowance: WorkBudget
}

/** In characters. */
export const longest = 4_000

/** How deep `..` may go. */
const deepest = 100

/** What it costs to come by a value, and the more the deeper it lies. */
const perValue = 60
const perLevel = 10

/** Reads a path once; fails with the rest of a sentence that says where it cannot be read. With an allowance, it spends of that. */
export const compile = (path: string, shared?: WorkBudget, bounds?: Bounds): Result.Result<JsonQuery, string> => {
  if (path.length > longest) return Result.fail(`it is longer than ${longest} characters`)
  const allowance = shared ?? new WorkBudget(bounds)
  return Result.try({
    try: () => {
      const query = environment(allowance).compile(path)
      count(query, allowance)
      return query
    },
    catch: (cause) => (cause instanceof Error ? cause.message : String(cause)),
  }).pipe(
    Result.map((query) => ({
      isSingular: query.singularQuery(),
      union: unionOf(query),
      nodes: (value) =>
        Result.try({
          try: () => {
            if (shared === undefined) allowance.begin()
            return [...query.lazyQuery(value)]
          },
          catch: (cause) => excess(path, cause),
        }),
      nodesInTurns: async (value, share) => {
        if (shared === undefined) allowance.begin()
        const found: Array<JSONPathNode> = []
        try {
          for (const node of query.lazyQuery(value)) {
            if (found.push(node) % perTurn !== 0) continue
            allowance.rest()
            // oxlint-disable-next-line no-await-in-loop -- that is what turns are for
            await TimeSlice.next(share)
            allowance.resume()
          }
          return Result.succeed(found)
        } catch (cause) {
          return Result.fail(excess(path, cause))
        }
      },
      allowance,
    })),
  )
}

/** How many nodes are found in one turn. */
const perTurn = 1_000

/** The message for a query that exceeded one of its limits. Rethrows any other cause. */
export const excess = (path: string, cause: unknown): string => {
  // A stack that overflows, or a text longer than a text may be, is too much as well.
  if (cause instanceof Exhausted || cause instanceof RangeError) return `The JSONPath ${path} takes too much work`
  if (cause instanceof JSONPathRecursionLimitError) return `The JSONPath ${path} looks deeper than ${deepest} levels`
  if (cause instanceof TooLarge) return `The JSONPath ${path} produces more than ${cause.limit} characters`
  throw cause
}

const unionOf = ({ environment, segments }: JSONPathQuery): JsonQuery["union"] => {
  const last = segments.at(-1)
  const isUnion =
    last !== undefined &&
    last.selectors.length > 1 &&
    last.selectors.every((selector) => selector instanceof jsonpath.selectors.NameSelector) &&
    // A descendant segment looks in many places, and is written with two dots.
    !last.toString().startsWith("..")
  if (!isUnion) return undefined
  return new jsonpath.JSONPathQuery(environment, segments.slice(0, -1)).singularQuery() ? "one" : "many"
}

/** Makes each selector of a query, and of the queries in its filters, say what it finds. */
const count = ({ segments }: JSONPathQuery, allowance: WorkBudget): void => {
  for (const selector of segments.flatMap((segment) => segment.selectors)) {
    const resolve = selector.resolve.bind(selector)
    selector.resolve = (node) => {
      const found = resolve(node)
      allowance.spend((1 + found.length) * (perValue + perLevel * node.location.length))
      return found
    }
    if (selector instanceof jsonpath.selectors.FilterSelector)
      for (const query of queriesIn(selector.expression)) count(query, allowance)
  }
}

const queriesIn = (expression: jsonpath.expressions.FilterExpression): ReadonlyArray<JSONPathQuery> => {
  const { FilterQuery, FunctionExtension, InfixExpression, LogicalExpression, PrefixExpression } = jsonpath.expressions
  if (expression instanceof FilterQuery) return [expression.path]
  if (expression instanceof LogicalExpression) return queriesIn(expression.expression)
  if (expression instanceof PrefixExpression) return queriesIn(expression.right)
  if (expression instanceof InfixExpression) return [expression.left, expression.right].flatMap(queriesIn)
  return expression instanceof FunctionExtension ? expression.args.flatMap(queriesIn) : []
}

const environment = (allowance: WorkBudget): JSONPathEnvironment => {
  const made = new JSONPathEnvironment({ maxRecursionDepth: deepest })
  // The library's own run on the runtime's engine, which a pattern can keep busy for ever.
  made.functionRegister.set(
    "match",
    matching(allowance, (pattern, text) => pattern.testExact(text)),
  )
  made.functionRegister.set(
    "search",
    matching(allowance, (pattern, text) => pattern.test(text)),
  )
  return made
}

const { LogicalType, ValueType } = FunctionExpressionType

/** Anything but a string and a valid pattern does not match (RFC 9535, 2.4.6). Texts and patterns are charged by length. */
const matching = (
  allowance: WorkBudget,
  holds: (pattern: Pattern.Pattern, text: string) => boolean,
): FilterFunction => {
  let last: { readonly source: string; readonly pattern: Pattern.Pattern | undefined } | undefined
  const patternOf = (source: string) => {
    if (last?.source !== source) {
      allowance.spend(10_000 + source.length * 1_000)
      last = { source, pattern: Result.getOrUndefined(Pattern.compile(standard(source))) }
    }
    return last.pattern
  }
  return {
    argTypes: [ValueType, ValueType],
    returnType: LogicalType,
    call: (text, source) => {
      if (typeof text !== "string" || typeof source !== "string") return false
      const pattern = patternOf(source)
      if (pattern === undefined) return false
      allowance.spend(Pattern.work(pattern, text))
      return holds(pattern, text)
    },
  }
}

// In an I-Regexp (RFC 9485), a dot does not match a carriage return either.
const standard = (pattern: string): string =>
  pattern.replace(/\\.|\[(?:\\.|[^\]\\])*\]|\./gs, (part) => (part === "." ? "[^\\n\\r]" : part))
