/** What goes back: a value that is written as JSON, or JSON text that goes as it is, so that no digit of it changes. */
import * as Json from "@drawbar/json-text/Json"
import { afterString } from "@drawbar/json-text/JsonWalk"
import { Result } from "effect"
import * as RequestBounds from "./RequestBounds.ts"
import type { FilterPath } from "./FilterPath.ts"
import type { Query } from "./Query.ts"
import { BadParameter, RequestError } from "./RequestError.ts"

export class JsonText {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** A body that is not JSON, sent unchanged. */
export class PlainText {
  readonly text: string
  readonly contentType: string
  constructor(text: string, contentType: string) {
    this.text = text
    this.contentType = contentType
  }
}

/** An answer with headers of its own beside it: what the body of a documented response has no field for. */
export class WithHeaders<out A> {
  readonly value: A
  readonly headers: Readonly<Record<string, string>>
  constructor(value: A, headers: Readonly<Record<string, string>>) {
    this.value = value
    this.headers = headers
  }
}

/** The text of an answer. Nothing is written for `undefined`. */
export const textOf = (answer: unknown): string => {
  if (answer === undefined) return ""
  return answer instanceof JsonText ? answer.text : JSON.stringify(answer)
}

/** The text of an answer as the query wants it: whole or in part, on one line or many; fails where a part cannot be taken. */
export const write = (
  answer: unknown,
  { pretty, filterPath }: Pick<Query, "pretty" | "filterPath">,
): Result.Result<string, RequestError> => {
  const text = textOf(answer)
  if (text === "" || (!pretty && filterPath === undefined)) return Result.succeed(text)
  return Result.gen(function* () {
    const kept = filterPath === undefined ? text : yield* part(text, filterPath)
    return pretty ? indented(kept) : kept
  })
}

const part = (text: string, filterPath: FilterPath): Result.Result<string, RequestError> => {
  if (text.length > RequestBounds.filteredResponse)
    return refused(`it is longer than ${RequestBounds.filteredResponse} characters`)
  return Result.flatMap(
    Result.match(Json.parse(text), {
      onFailure: ({ message }) => refused(message),
      onSuccess: (value: Json.Json) => Result.succeed(value),
    }),
    (value) =>
      Result.mapBoth(filterPath.apply(value), {
        onFailure: (message) => RequestError.from(new BadParameter({ message })),
        onSuccess: Json.stringify,
      }),
  )
}

const refused = (why: string) =>
  Result.fail(
    RequestError.from(
      new BadParameter({ message: `filter_path cannot be applied to this answer: ${why}. Leave filter_path out` }),
    ),
  )

/** A text whose line breaks and indentation would come to more than the text allows for stays on one line. */
const indented = (text: string): string => {
  if (indentation(text) > RequestBounds.indentation) return text
  return Result.match(Json.parse(text), {
    onFailure: () => text,
    onSuccess: (value) => `${JSON.stringify(value, null, 2)}\n`,
  })
}

/** How many characters the indentation of a JSON text comes to; stops counting past the bound. */
const indentation = (text: string): number => {
  let depth = 0
  let sum = 0
  for (let i = 0; i < text.length && sum <= RequestBounds.indentation; i++) {
    const c = text.charCodeAt(i)
    if (c === 0x22) i = afterString(text, i) - 1
    else if (c === 0x5b || c === 0x7b) sum += 1 + 2 * ++depth
    else if (c === 0x2c) sum += 1 + 2 * depth
    else if (c === 0x5d || c === 0x7d) sum += 1 + 2 * --depth
  }
  return sum
}
