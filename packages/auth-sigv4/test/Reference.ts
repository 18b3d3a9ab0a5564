import { existsSync, readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

const root = process.env["DRAWBAR_REFERENCE"] ?? fileURLToPath(new URL("../../../../shared/reference", import.meta.url))
const folder = `${root}/sigv4-suite`

/** AWS's published test vectors, if they are present beside the repository. */
export const isPresent = existsSync(folder)

export interface Vector {
  readonly credentials: {
    readonly access_key_id: string
    readonly secret_access_key: string
    readonly token?: string
  }
  readonly region: string
  readonly service: string
  readonly timestamp: string
  readonly expiration_in_seconds: number
  readonly normalize: boolean
  readonly sign_body: boolean
  readonly omit_session_token?: boolean
}

export const names = isPresent
  ? readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
  : []

export const text = (name: string, file: string) => readFileSync(`${folder}/${name}/${file}.txt`, "utf8")

export const context = (name: string): Vector => JSON.parse(readFileSync(`${folder}/${name}/context.json`, "utf8"))

export interface Message {
  readonly method: string
  readonly target: string
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  readonly body: string
}

/** Parses a raw HTTP/1.1 request like a recipient: RFC 9112 section 5.2 replaces a folded line with a space. */
export const parse = (raw: string): Message => {
  const [head = "", ...rest] = raw.split("\n\n")
  const [start = "", ...fields] = head.replaceAll(/\n[ \t]+/g, " ").split("\n")
  const headers = fields
    .filter((field) => field !== "")
    .map((field) => [field.slice(0, field.indexOf(":")), field.slice(field.indexOf(":") + 1).trim()] as const)
  const method = start.slice(0, start.indexOf(" "))
  return { method, target: start.slice(method.length + 1, start.lastIndexOf(" ")), headers, body: rest.join("\n\n") }
}
