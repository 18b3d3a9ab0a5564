/** The data that a script receives and returns. */

/** Numbers beyond 2^53 are bigints, so that a `long` keeps every digit. */
export type Json = null | boolean | number | bigint | string | ReadonlyArray<Json> | { readonly [key: string]: Json }

/** JSON text; a number without a JSON form (NaN, an infinity) becomes null. */
export const toText = (value: Json): string => {
  if (typeof value === "bigint") return `${value}`
  if (value === null || typeof value !== "object") return JSON.stringify(value)
  if (isArray(value)) return `[${value.map(toText).join(",")}]`
  return `{${Object.entries(value)
    .map(([key, item]) => `${JSON.stringify(key)}:${toText(item)}`)
    .join(",")}}`
}

const isArray = (value: Json): value is ReadonlyArray<Json> => Array.isArray(value)
