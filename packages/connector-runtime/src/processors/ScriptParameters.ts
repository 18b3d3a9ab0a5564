/** The texts of `${parameters.name}` in a script: variables, which no value of them can turn into source. */
import type * as Script from "@drawbar/painless/Script"
import { type Author, textOf } from "@drawbar/template-renderer/Parameter"
import type { Parameters } from "../call/PredictInput.ts"

const none: ReadonlyMap<string, string> = new Map()

/** The texts that a script names: the first of `supplied` that has a name outranks the others, and the connector's own come last. */
export const of = (
  { placeholders }: Script.Script,
  author: Author,
  supplied: ReadonlyArray<Parameters>,
): ReadonlyMap<string, string> => {
  if (placeholders.length === 0) return none
  const texts = new Map<string, string>()
  for (const name of placeholders) {
    const given = supplied.find((parameters) => parameters.has(name))?.get(name)
    const text = given === undefined ? (Object.hasOwn(author, name) ? author[name] : undefined) : textOf(given)
    if (text !== undefined) texts.set(name, text)
  }
  return texts
}

/** The names that nothing fills. */
export const missing = (
  script: Script.Script,
  author: Author,
  supplied: ReadonlyArray<Parameters>,
): ReadonlyArray<string> => {
  if (script.required.length === 0) return script.required
  const texts = of(script, author, supplied)
  return script.required.filter((name) => !texts.has(name))
}
