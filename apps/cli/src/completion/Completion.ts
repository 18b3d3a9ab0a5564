/** The words that may follow on a command line: commands, flags, choices, and what the server knows. */
import type * as Completions from "effect/cli/Completions"

export interface Candidate {
  readonly value: string
  readonly description: string
}

/** Words that only a command can list: its arguments, and which of its JSON is meant. */
export type Source = ReadonlyArray<string>

export type Completion =
  | { readonly _tag: "Words"; readonly candidates: ReadonlyArray<Candidate> }
  | { readonly _tag: "Listed"; readonly source: Source }

/** `words` follow the program's name; the last one is what is being typed. */
export const of = (root: Completions.CommandDescriptor, words: ReadonlyArray<string>): Completion => {
  const typed = words.at(-1) ?? ""
  const { command, path, flag, positionals } = walk(root, words.slice(0, -1))
  if (flag !== undefined) return valuesOf(flag)
  if (typed.startsWith("-"))
    return listed(command.flags.map(({ name, description = "" }) => ({ value: `--${name}`, description })))
  const commands = command.subcommands.map(({ name, description = "" }) => ({ value: name, description }))
  if (commands.length > 0) return listed(commands)
  if (path[0] === "help")
    return listed(root.subcommands.map(({ name, description = "" }) => ({ value: name, description })))
  const source = positionals === 0 || command.arguments[0]?.variadic === true ? sourceOf(path) : undefined
  return source === undefined ? listed([]) : { _tag: "Listed", source }
}

const listed = (candidates: ReadonlyArray<Candidate>): Completion => ({ _tag: "Words", candidates })

/** The command that words lead to, the flag whose value is next, and how many arguments were given. */
const walk = (root: Completions.CommandDescriptor, words: ReadonlyArray<string>) => {
  let command = root
  const path: Array<string> = []
  let flag: Completions.FlagDescriptor | undefined
  let positionals = 0
  for (const word of words) {
    if (flag !== undefined) flag = undefined
    else if (word.startsWith("-")) {
      const named = command.flags.find(
        ({ name, aliases }) => word === `--${name}` || aliases.some((alias) => word === `-${alias}`),
      )
      flag = named === undefined || named.type._tag === "Boolean" ? undefined : named
    } else {
      const inner = command.subcommands.find(({ name }) => name === word)
      if (inner === undefined) positionals++
      else {
        command = inner
        path.push(word)
      }
    }
  }
  return { command, path, flag, positionals }
}

const valuesOf = ({ name, type }: Completions.FlagDescriptor): Completion => {
  if (type._tag === "Choice") return listed(type.values.map((value) => ({ value, description: "" })))
  const source = Object.hasOwn(byFlag, name) ? byFlag[name] : undefined
  return source === undefined ? listed([]) : { _tag: "Listed", source }
}

const byFlag: Readonly<Record<string, Source>> = {
  connector: ["connector", "list"],
  model: ["model", "list"],
  group: ["group", "list"],
  context: ["context", "list"],
}

/** What the first argument of a command names. */
const sourceOf = ([noun = "", verb = ""]: ReadonlyArray<string>): Source | undefined => {
  switch (noun) {
    case "connector":
    case "model":
    case "group":
    case "task":
    case "key":
    case "user":
      return /^(?:create|register|validate|list)$/.test(verb) ? undefined : [noun, "list"]
    case "controller":
    case "render":
    case "stats":
      return ["model", "list"]
    case "blueprint":
      return verb === "list" ? undefined : ["blueprint", "list"]
    case "context":
      return verb === "list" ? undefined : ["context", "list"]
    case "settings":
      return /^(?:get|set|unset)$/.test(verb) ? ["settings", "get"] : undefined
    case "untrust":
      return ["trust", "list"]
    default:
      return undefined
  }
}

/** The flags that choose a server, which the list has to be asked with as well. */
export const serverFlags = (words: ReadonlyArray<string>): ReadonlyArray<string> =>
  words.flatMap((word, at) => {
    if (/^--(?:url|context)=./.test(word)) return [word]
    return /^--(?:url|context)$/.test(word) && at + 2 < words.length ? [word, words[at + 1] ?? ""] : []
  })

/** The candidates in what a list prints with `-o json`: records with ids and names, or names alone. */
export const candidatesIn = (json: string): ReadonlyArray<Candidate> => {
  const value: unknown = JSON.parse(json)
  const { hits, principals, trusted_hosts, defaults, persistent, transient } = Object(value)
  if (hits !== undefined)
    return hits.hits.map(
      ({ _id, _source }: { readonly _id: string; readonly _source?: { readonly name?: string } }) => ({
        value: _id,
        description: _source?.name ?? "",
      }),
    )
  if (defaults !== undefined) return Object.keys({ ...defaults, ...persistent, ...transient }).map(bare)
  const list: ReadonlyArray<unknown> = principals ?? trusted_hosts ?? (Array.isArray(value) ? value : [])
  return list.map((item) => {
    if (typeof item === "string") return bare(item)
    const { id, name, url = "" } = Object(item)
    return { value: String(id ?? name), description: String(id === undefined ? url : name) }
  })
}

const bare = (value: string): Candidate => ({ value, description: "" })

/** One line for each that begins with what is typed: the word, a tab, and what it is. */
export const lines = (candidates: ReadonlyArray<Candidate>, typed: string): string =>
  candidates
    .filter(({ value }) => value.startsWith(typed) && !/[\s\t]/.test(value))
    .map(({ value, description }) => `${value}\t${description.replaceAll(/\s+/g, " ")}`)
    .join("\n")
