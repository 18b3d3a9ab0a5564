/** What goes back: a value that is written as JSON, or JSON text that goes as it is, so that no digit of it changes. */
import * as Json from "@drawbar/json-text/Json"
import { Result } from "effect"
import type { Query } from "./Query.ts"

export class JsonText {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** Text that is no JSON, as it goes. */
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

/** The text of an answer as the query wants it: whole or in part, on one line or many. Nothing is written for `undefined`. */
export const write = (answer: unknown, query: Pick<Query, "pretty" | "filterPath">): string => {
  if (answer === undefined) return ""
  const text = answer instanceof JsonText ? answer.text : JSON.stringify(answer)
  if (!query.pretty && query.filterPath === undefined) return text
  const value = Result.getOrThrow(Json.parse(text))
  const wanted = query.filterPath === undefined ? value : query.filterPath.apply(value)
  return query.pretty ? `${JSON.stringify(wanted, null, 2)}\n` : Json.stringify(wanted)
}
