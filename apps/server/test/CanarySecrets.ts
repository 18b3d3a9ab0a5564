/**
 * Secrets and prompts in many forms, each containing a unique word; the encodings in which upstreams echo them; and a
 * search for them.
 */
import { generateKeyPairSync } from "node:crypto"

/** A text, and the unique word in it. */
export interface Plant {
  readonly text: string
  readonly word: string
}

const letters = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"

/** Eight letters and digits, the same in every run. */
export const word = (kind: "S" | "P", n: number): string =>
  `${kind}l4n${String(n).padStart(2, "0")}${letters[(n * 7) % letters.length]}${letters[(n * 13) % letters.length]}`

const pem = String(
  generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "pkcs8", format: "pem" }),
)

const shapes: ReadonlyArray<(word: string) => string> = [
  (it) => it,
  (it) => `sk-proj-${it}-abcdefghijklmnopqrstuvwxyz0123456789`,
  (it) => `${it}+/=?&%`,
  (it) => `"${it}"`,
  (it) => `C:\\keys\\${it}\\new`,
  (it) => `é${it}ü🙂`,
  (it) => `<${it}> & 'more'`,
  (it) => `^(${it})*[a-z]+$|.{2,}`,
  (it) => `a ${it} with spaces`,
  (it) => pem.replace("\n", `\n${it}`),
  (it) => `QUJD${it}0RFRg==`,
  (it) => `%41${it}%2Fetc`,
  (it) => JSON.stringify({ key: it, nested: `"${it}"` }),
  (it) => `eyJhbGciOiJIUzI1NiJ9.${it}.${it}`,
  (it) => `https://user:${it}@host.example/?a=b`,
  (it) => `${it}\n${it}\ttwice`,
  (it) => `${it}${"0123456789abcdef".repeat(60)}`,
  (it) => `u00e9${it}u0041`,
  (it) => `nr\\n${it}\\u0041\\x41`,
  (it) => `${it}-and-longer`,
]

export const secrets: ReadonlyArray<Plant> = Array.from({ length: 40 }, (_, n) => ({
  word: word("S", n),
  // The beginning of the last one equals the first one.
  text: (shapes[n % shapes.length] ?? String)(n === 19 ? word("S", 0) : word("S", n)),
}))

export const prompts: ReadonlyArray<Plant> = Array.from({ length: 40 }, (_, n) => ({
  word: word("P", n),
  text: `Ask ${(shapes[(n * 3) % shapes.length] ?? String)(word("P", n))} kindly`,
}))

const hexOf = (text: string) => Buffer.from(text).toString("hex")
const units = (text: string, spell: (code: string) => string) =>
  Array.from({ length: text.length }, (_, at) => spell(text.charCodeAt(at).toString(16).padStart(4, "0"))).join("")

/** Encodings in which upstreams echo a text. */
export const spellings: Readonly<Record<string, (text: string, n: number) => string>> = {
  plain: (text) => text,
  "JSON as another language writes it": (text) =>
    JSON.stringify(text)
      .slice(1, -1)
      .replaceAll("/", "\\/")
      .replaceAll(/[<>&'\u0080-\uffff]/g, (unit) => units(unit, (code) => `\\u${code}`)),
  "escaped throughout": (text) => units(text, (code) => `\\u${code}`),
  percent: (text, n) => (n % 2 === 0 ? encodeURIComponent(text) : hexOf(text).replaceAll(/../g, (byte) => `%${byte}`)),
  base64: (text, n) =>
    Buffer.from(`${"id:".slice(0, n % 3)}${text}:${n}`).toString(n % 2 === 0 ? "base64" : "base64url"),
  hex: (text, n) => (n % 2 === 0 ? hexOf(text) : hexOf(text).toUpperCase()),
}

const base64Of = (text: string) =>
  [0, 1, 2].map((before) => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(text)])
    return bytes.toString("base64").slice(before === 0 ? 0 : before + 1, Math.floor((bytes.length * 8) / 6))
  })

/**
 * Matches a word in a text in any encoding. Words consist of letters and digits, which most encodings leave unchanged.
 */
const formsOf = (it: string): ReadonlyArray<string> => [
  it,
  hexOf(it),
  hexOf(it).toUpperCase(),
  units(it, (code) => `\\u${code}`),
  hexOf(it).replaceAll(/../g, (byte) => `%${byte}`),
  ...base64Of(it),
]

/** The encodings of the planted words that a text or a file contains. */
export const finder = (plants: ReadonlyArray<Plant>): ((where: string | Buffer) => ReadonlyArray<string>) => {
  const forms = plants.flatMap(({ word: it }) => formsOf(it))
  return (where) => {
    const text = typeof where === "string" ? where : where.toString("latin1")
    return forms.filter((form) => text.includes(form))
  }
}
