/**
 * A parameter's value: `Text` was sent as a JSON string (decoded); `Json` is the exact JSON text of any other value,
 * with its digits.
 */
export type Value = { readonly _tag: "Text"; readonly text: string } | { readonly _tag: "Json"; readonly json: string }

/**
 * The connector's own parameters. Values other than strings became JSON text when the connector was created. Only own
 * keys are read.
 */
export type Author = Readonly<Record<string, string>>

/**
 * The parameters of one call; caller takes precedence over runtime, which takes precedence over author. Maps, so that
 * `__proto__` is an ordinary name.
 */
export interface Supplied {
  readonly caller: ReadonlyMap<string, Value>
  readonly runtime: ReadonlyMap<string, Value>
}

/** A value that was sent as a JSON string. */
export const text = (text: string): Value => ({ _tag: "Text", text })

/**
 * A value that was sent as a number, list, object, boolean or null. `json` must be one JSON value: its text is trusted
 * and not parsed again.
 */
export const json = (json: string): Value => ({ _tag: "Json", json: json.trim() })

/**
 * A plain JavaScript value, as `JSON.stringify` converts it; values without a JSON form (`undefined`, a function)
 * become null.
 */
export const fromUnknown = (value: unknown): Value =>
  typeof value === "string" ? text(value) : json(JSON.stringify(value) ?? "null")

/** A record of plain values as a map of parameters. */
export const fromRecord = (values: Readonly<Record<string, unknown>>): ReadonlyMap<string, Value> =>
  new Map(Object.entries(values).map(([name, value]) => [name, fromUnknown(value)]))

/** The text of a value outside JSON: the text itself, or its JSON text. */
export const textOf = (value: Value): string => (value._tag === "Text" ? value.text : value.json)

/** Whether the value is JSON `null`; the text `"null"` is text. */
export const isNull = (value: Value): boolean => value._tag === "Json" && value.json === "null"
