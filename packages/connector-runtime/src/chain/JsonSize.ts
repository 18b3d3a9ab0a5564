/** How many characters a value has as JSON, without writing it: what stands in several places counts in each of them. */
import * as Json from "@drawbar/json-text/Json"

export class JsonSize {
  /** Of what does not change any more; steps of a chain copy what they change. */
  readonly #known = new WeakMap<object, number>()

  /** Escapes are counted as the characters that they stand for. */
  of(value: Json.Json): number {
    if (typeof value === "string") return value.length + 2
    if (typeof value !== "object" || value === null) return String(value).length
    const known = this.#known.get(value)
    if (known !== undefined) return known
    const size = this.#counted(value)
    this.#known.set(value, size)
    return size
  }

  #counted(value: object & Json.Json): number {
    let size = 2
    if (Array.isArray(value)) for (const item of value) size += this.of(item) + 1
    else if (Json.isObject(value))
      for (const [name, item] of Object.entries(value)) size += name.length + this.of(item) + 4
    else size = Json.stringify(value).length
    return size
  }
}
