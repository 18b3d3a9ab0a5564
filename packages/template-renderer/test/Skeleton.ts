/** Random templates, each with an independent oracle for the JSON that they render. */
import type { Value } from "../src/Parameter.ts"
import * as Parameter from "../src/Parameter.ts"
import type { Random } from "./Random.ts"

/** JSON with numbers as their digits and objects as entries, so that order, repetitions and digits are compared. */
export type Meaning =
  | string
  | { readonly scalar: string }
  | { readonly list: ReadonlyArray<Meaning> }
  | { readonly object: ReadonlyArray<readonly [string, Meaning]> }

/** The result of a caller's values for a part; undefined if the call must be rejected. */
type Oracle<A> = (values: ReadonlyMap<string, Value>) => A | undefined

interface Part<A> {
  readonly source: string
  readonly meaning: Oracle<A>
}

export interface Skeleton {
  readonly source: string
  readonly meaning: Oracle<Meaning>
  readonly caller: ReadonlyMap<string, Value>
}

/** The value of JSON text, by JavaScript's parser: keys in order, numbers as written. */
export const meaningOf = (json: string): Meaning | undefined => {
  try {
    JSON.parse(json)
  } catch {
    return undefined
  }
  let at = 0
  const space = () => {
    while (/\s/.test(json.charAt(at))) at++
  }
  const string = (): string => {
    const start = at++
    for (; json.charAt(at) !== '"'; at++) if (json.charAt(at) === "\\") at++
    const text: unknown = JSON.parse(json.slice(start, ++at))
    return String(text)
  }
  const value = (): Meaning => {
    space()
    const first = json.charAt(at)
    if (first === '"') return string()
    if (first === "[" || first === "{") {
      const list: Array<Meaning> = []
      const object: Array<readonly [string, Meaning]> = []
      for (at++, space(); !"]}".includes(json.charAt(at)); space(), json.charAt(at) === "," && at++, space()) {
        if (first === "[") list.push(value())
        else {
          const key = string()
          space()
          at++
          object.push([key, value()])
        }
      }
      at++
      return first === "[" ? { list } : { object }
    }
    const start = at
    while (at < json.length && !/[\s,\]}]/.test(json.charAt(at))) at++
    return { scalar: json.slice(start, at) }
  }
  return value()
}

const hostile = [
  "a",
  '"',
  "\\",
  "\n",
  "\u0000",
  "}",
  "]",
  ",",
  ":",
  "/",
  "é",
  "😀",
  "\u2028",
  "\u007f",
  "null",
  '"a":1',
  ',"k0":0',
  "[1,2]",
  '{"k0":[]}',
  "${parameters.p0}",
  "$${",
  "${credential.key}",
  "\\u0022",
  "\\",
  "12345678901234567890",
] as const

export const text = (random: Random): string => random.many(5, () => random.pick(["", ...hostile])).join("")

const json = (random: Random, depth: number): string => {
  const space = () => random.pick(["", "", " ", "\n"])
  switch (random.below(depth > 2 ? 3 : 5)) {
    case 0:
      return random.pick(["null", "true", "0", "-1.50", "1E400", "12345678901234567890"])
    case 1:
    case 2:
      return JSON.stringify(text(random))
    case 3:
      return `[${space()}${random.many(3, () => json(random, depth + 1)).join(`${space()},`)}${space()}]`
    default:
      return `{${random.many(3, () => `${JSON.stringify(text(random))}:${space()}${json(random, depth + 1)}`).join(",")}}`
  }
}

const fragment = (random: Random, inside: "list" | "object"): string => {
  if (random.chance(0.2)) return text(random)
  const entry = () =>
    inside === "list" ? json(random, 1) : `${JSON.stringify(`k${random.below(12)}`)}:${json(random, 1)}`
  const comma = () => random.pick(["", ",", " , "])
  return `${comma()}${random.many(3, entry).join(",")}${comma()}`
}

const textOf = (value: Value): string => (value._tag === "Text" ? value.text : value.json)

const isPresent = (value: Value | undefined): value is Value =>
  value !== undefined && !(value._tag === "Json" && value.json === "null")

/** Parses the entries of a fragment by adding brackets, unlike the renderer. */
const entriesOf = (value: Value, open: "[" | "{"): Meaning | undefined => {
  const inner = textOf(value)
    .replace(/^[ \t\r\n]*,?[ \t\r\n]*/, "")
    .replace(/,?[ \t\r\n]*$/, "")
  return meaningOf(open === "[" ? `[${inner}]` : `{${inner}}`)
}

export const make = (random: Random): Skeleton => {
  const caller = new Map<string, Value>()
  let names = 0
  let keys = 0
  const name = (value: () => Value | undefined): string => {
    const fresh = `p${names++}`
    const made = value()
    if (made !== undefined) caller.set(fresh, made)
    return fresh
  }
  const anyValue = (): Value =>
    random.chance(0.6) ? Parameter.text(text(random)) : Parameter.json(json(random, 1).replace(/^"[^]*/, "1"))

  const string = (): Part<string> => {
    const parts = random.many(3, (): Part<string> => {
      if (random.chance(0.5)) {
        const literal = text(random).replaceAll("$", "")
        return { source: JSON.stringify(literal).slice(1, -1), meaning: () => literal }
      }
      const placeholder = name(anyValue)
      const absent = random.chance(0.2) ? "d" : undefined
      return {
        source: `\${parameters.${placeholder}${absent === undefined ? "" : ":-d"}}`,
        meaning: (values) => {
          const value = values.get(placeholder)
          return isPresent(value) ? textOf(value) : absent
        },
      }
    })
    return {
      source: `"${parts.map(({ source }) => source).join("")}"`,
      meaning: (values) => {
        const texts = parts.map(({ meaning }) => meaning(values))
        return texts.includes(undefined) ? undefined : texts.join("")
      },
    }
  }

  const nullable = (): Part<Meaning> => {
    const placeholder = name(() =>
      random.chance(0.3) ? undefined : random.chance(0.3) ? Parameter.json("null") : anyValue(),
    )
    return {
      source: `"\${parameters.${placeholder}:-null}"`,
      meaning: (values) => {
        const value = values.get(placeholder)
        return isPresent(value) ? textOf(value) : { scalar: "null" }
      },
    }
  }

  const value = (depth: number): Part<Meaning> => {
    switch (random.below(depth > 3 ? 4 : 7)) {
      case 0: {
        const literal = random.pick(["1.50", "true", "null", "-0"])
        return { source: literal, meaning: () => ({ scalar: literal }) }
      }
      case 1:
        return string()
      case 2:
        return nullable()
      case 3: {
        const placeholder = name(() =>
          random.chance(0.5)
            ? Parameter.json(json(random, 1).replace(/^"[^]*/, "1"))
            : Parameter.text(random.chance(0.8) ? json(random, 1) : text(random)),
        )
        return {
          source: `\${parameters.${placeholder}}`,
          meaning: (values) => {
            const value = values.get(placeholder)
            return value === undefined ? undefined : meaningOf(textOf(value))
          },
        }
      }
      case 4:
        return container("[", depth)
      default:
        return container("{", depth)
    }
  }

  const fixedKey = (): Part<string> => {
    const key = `k${keys++}`
    return { source: `"${key}"`, meaning: () => key }
  }

  const openKey = (): Part<string> => {
    const placeholder = name(() => Parameter.text(random.chance(0.3) ? `k${random.below(6)}` : text(random)))
    return {
      source: `"\${parameters.${placeholder}}"`,
      meaning: (values) => {
        const value = values.get(placeholder)
        return value === undefined ? undefined : textOf(value)
      },
    }
  }

  type Entries = ReadonlyArray<Meaning> | ReadonlyArray<readonly [string, Meaning]>
  const isMembers = (entries: Entries, open: string): entries is ReadonlyArray<readonly [string, Meaning]> =>
    open === "{"

  const entry = (open: "[" | "{", depth: number): Part<Entries> => {
    if (open === "[") {
      const item = value(depth + 1)
      return {
        source: item.source,
        meaning: (values) => {
          const meaning = item.meaning(values)
          return meaning === undefined ? undefined : [meaning]
        },
      }
    }
    const key = random.chance(0.8) ? fixedKey() : openKey()
    const item = value(depth + 1)
    return {
      source: `${key.source} :${item.source}`,
      meaning: (values) => {
        const [at, meaning] = [key.meaning(values), item.meaning(values)]
        return at === undefined || meaning === undefined ? undefined : [[at, meaning]]
      },
    }
  }

  const fragmentPart = (open: "[" | "{"): Part<Entries> => {
    const placeholder = name(() =>
      random.chance(0.2) ? undefined : Parameter.text(fragment(random, open === "[" ? "list" : "object")),
    )
    return {
      source: `\${parameters.${placeholder}:-}`,
      meaning: (values) => {
        const value = values.get(placeholder)
        const entries = isPresent(value) ? entriesOf(value, open) : { list: [] }
        if (entries === undefined || typeof entries === "string" || "scalar" in entries) return undefined
        return "list" in entries ? entries.list : entries.object
      },
    }
  }

  const container = (open: "[" | "{", depth: number): Part<Meaning> => {
    const isFragment = random.many(4, () => random.chance(0.35))
    const parts = isFragment.map((isFragment) => (isFragment ? fragmentPart(open) : entry(open, depth)))
    /** A single value placeholder next to a fragment is a fragment too, unless a comma separates them. */
    const needsComma = (i: number) => isFragment[i] !== true && (parts[i]?.source.startsWith("${") ?? false)
    const source = parts.map(({ source }, i) => {
      const between = (!isFragment[i] && !isFragment[i - 1]) || needsComma(i) || needsComma(i - 1)
      const comma = i > 0 && (between || random.chance(0.3)) ? "," : ""
      return `${comma}${random.pick(["", " "])}${source}`
    })
    return {
      source: `${open}${source.join("")}${open === "[" ? "]" : "}"}`,
      meaning: (values) => {
        const list: Array<Meaning> = []
        const object: Array<readonly [string, Meaning]> = []
        for (const { meaning } of parts) {
          const entries = meaning(values)
          if (entries === undefined) return undefined
          if (isMembers(entries, open)) object.push(...entries)
          else list.push(...entries)
        }
        if (open === "[") return { list }
        return new Set(object.map(([key]) => key)).size < object.length ? undefined : { object }
      },
    }
  }

  const whole = random.chance(0.95) ? container(random.pick(["{", "["]), 0) : value(4)
  return { ...whole, caller }
}
