/**
 * Which endpoint a method and a path mean. A literal segment wins over a parameter, whatever the method: where
 * `POST /connectors/_create` is known, `GET /connectors/_create` is a wrong method, not a connector called `_create`.
 */
export interface Route<A> {
  readonly method: string
  /** Segments; one that begins with `:` is a parameter, and takes all that is left of a path where it ends in `*`. */
  readonly path: string
  readonly value: A
}

export type Match<A> =
  | { readonly _tag: "Found"; readonly value: A; readonly params: Readonly<Record<string, string>> }
  | { readonly _tag: "MethodNotAllowed"; readonly allowed: ReadonlyArray<string> }
  | { readonly _tag: "NoRoute" }

export interface Router<A> {
  /** `path` is still percent-encoded, and so are the parameters of the match. A slash at its end means nothing. */
  readonly find: (method: string, path: string) => Match<A>
}

interface Leaf<A> {
  readonly value: A
  readonly names: ReadonlyArray<string>
}

interface Node<A> {
  readonly literals: Map<string, Node<A>>
  parameter: Node<A> | undefined
  /** Of a parameter that takes all that is left. */
  rest: Node<A> | undefined
  readonly leaves: Map<string, Leaf<A>>
}

const emptyNode = <A>(): Node<A> => ({ literals: new Map(), parameter: undefined, rest: undefined, leaves: new Map() })

export const make = <A>(routes: Iterable<Route<A>>): Router<A> => {
  const root = emptyNode<A>()
  for (const route of routes) add(root, route)
  return { find: (method, path) => find(root, method, segmentsOf(path)) }
}

const segmentsOf = (path: string): ReadonlyArray<string> => {
  const segments = path.split("/")
  segments.shift()
  if (segments.at(-1) === "") segments.pop()
  return segments
}

const add = <A>(root: Node<A>, { method, path, value }: Route<A>): void => {
  const names: Array<string> = []
  let node = root
  for (const segment of segmentsOf(path)) {
    if (segment.startsWith(":") && segment.endsWith("*")) {
      names.push(segment.slice(1, -1))
      node = node.rest ??= emptyNode()
    } else if (segment.startsWith(":")) {
      names.push(segment.slice(1))
      node = node.parameter ??= emptyNode()
    } else {
      const next = node.literals.get(segment) ?? emptyNode()
      node.literals.set(segment, next)
      node = next
    }
  }
  node.leaves.set(method, { value, names })
}

const find = <A>(root: Node<A>, method: string, segments: ReadonlyArray<string>): Match<A> => {
  const values: Array<string> = []
  const walk = (node: Node<A> | undefined, at: number): Node<A>["leaves"] | undefined => {
    if (node === undefined) return undefined
    const segment = segments[at]
    if (segment === undefined) return node.leaves.size === 0 ? undefined : node.leaves
    const leaves = walk(node.literals.get(segment), at + 1)
    if (leaves !== undefined || segment === "") return leaves
    if (node.parameter !== undefined) {
      values.push(segment)
      const behind = walk(node.parameter, at + 1)
      if (behind !== undefined) return behind
      values.pop()
    }
    if (node.rest === undefined) return undefined
    values.push(segments.slice(at).join("/"))
    return node.rest.leaves
  }
  const leaves = walk(root, 0)
  if (leaves === undefined) return { _tag: "NoRoute" }
  // https://www.rfc-editor.org/rfc/rfc9110#section-9.3.2: node:http leaves the body out.
  const leaf = leaves.get(method) ?? (method === "HEAD" ? leaves.get("GET") : undefined)
  if (leaf === undefined) return { _tag: "MethodNotAllowed", allowed: [...leaves.keys()].toSorted() }
  const params: Record<string, string> = {}
  for (const [i, name] of leaf.names.entries()) params[name] = values[i] ?? ""
  return { _tag: "Found", value: leaf.value, params }
}
