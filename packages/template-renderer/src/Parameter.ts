/** A parameter's value: `Text` was sent as a JSON string (decoded); `Json` is the exact JSON text of anything else, with its own digits. */
export type Value = { readonly _tag: "Text"; readonly text: string } | { readonly _tag: "Json"; readonly json: string }

/** The connector's own parameters: what was no string became its JSON text when the connector was created. Own keys only are read. */
export type Author = Readonly<Record<string, string>>

/** What one call supplies; caller outranks runtime, which outranks author. Maps, so that `__proto__` is a name like any other. */
export interface Supplied {
  readonly caller: ReadonlyMap<string, Value>
  readonly runtime: ReadonlyMap<string, Value>
}

/** A value that was sent as a JSON string. */
export const text = (text: string): Value => ({ _tag: "Text", text })

/** A value that was sent as a number, list, object, boolean or null. `json` must be one JSON value: its text is trusted, not read again. */
export const json = (json: string): Value => ({ _tag: "Json", json: json.trim() })

/** A plain JavaScript value, as `JSON.stringify` sees it; what JSON cannot say (`undefined`, a function) is null. */
export const fromUnknown = (value: unknown): Value =>
  typeof value === "string" ? text(value) : json(JSON.stringify(value) ?? "null")

/** A record of plain values as a map of parameters. */
export const fromRecord = (values: Readonly<Record<string, unknown>>): ReadonlyMap<string, Value> =>
  new Map(Object.entries(values).map(([name, value]) => [name, fromUnknown(value)]))

/** The text that a value has outside JSON: the text itself, or its JSON text. */
export const textOf = (value: Value): string => (value._tag === "Text" ? value.text : value.json)

/** True of the JSON value `null`; the text `"null"` is a text. */
export const isNull = (value: Value): boolean => value._tag === "Json" && value.json === "null"
