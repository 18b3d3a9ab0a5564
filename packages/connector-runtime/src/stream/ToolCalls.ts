/** Takes secrets out of the tools that a model wants called, whose arguments platforms send in pieces. */
import type { Flow, SecretMask } from "../response/SecretMask.ts"

export interface MaskedCalls {
  /** JSON text in, JSON text out: what could be the beginning of a secret waits for the next piece. */
  readonly take: (toolCalls: string) => string
  /** What still waits, as `show` has it: a piece for each call. */
  readonly rest: (show?: (held: string) => string) => ReadonlyArray<string>
}

/** Where platforms put a text that goes on in the next piece. */
const goesOn = /(?:\/function\/arguments|\/delta\/partial_json|\/toolUse\/input|^\/delta)$/

interface Place {
  readonly path: string
  /** A piece that has a value in this place, and beside it only what tells whose it is. */
  readonly around: (inner: unknown) => unknown
}

interface Call extends Pick<Place, "around"> {
  readonly flow: Flow
}

export const masked = (mask: SecretMask): MaskedCalls => {
  const calls = new Map<string, Call>()

  const part = (text: string, { path, around }: Place): string => {
    const { flow } = calls.get(path) ?? { flow: mask.flow() }
    calls.set(path, { flow, around })
    return flow.take(text)
  }

  const clean = (value: unknown, place: Place): unknown => {
    const { path, around } = place
    if (typeof value === "string")
      return goesOn.test(path.replaceAll(number, "")) ? part(value, place) : mask.apply(value)
    if (Array.isArray(value)) return value.map((item) => clean(item, { path, around: (inner) => around([inner]) }))
    if (typeof value !== "object" || value === null) return value
    const members = Object.entries(value)
    const numbers = members.filter(([, member]) => typeof member === "number")
    const whose = Object.fromEntries(members.filter(([name, member]) => name === "type" || typeof member === "number"))
    const which = numbers.length === 0 ? path : `${path}#${numbers.join("#")}`
    return Object.fromEntries(
      members.map(([name, member]) => [
        mask.apply(name),
        clean(member, {
          path: `${which}/${name}`,
          around: (inner) => around({ ...whose, [name]: inner }),
        }),
      ]),
    )
  }

  return {
    take: (toolCalls) => JSON.stringify(clean(JSON.parse(toolCalls), { path: "", around: (inner) => inner })),
    rest: (show = (held) => held) =>
      [...calls.values()].flatMap(({ flow, around }) => {
        const rest = flow.rest()
        return rest === "" ? [] : [JSON.stringify(around(show(rest)))]
      }),
  }
}

/** Which of several calls it is, by the numbers that stand beside it. */
const number = /#[^/]*/g
