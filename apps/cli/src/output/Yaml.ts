/** Writes a JSON value as YAML in block style. Numbers keep their digits. https://yaml.org/spec/1.2.2/ */
import * as Json from "@drawbar/json-text/Json"

export const write = (value: Json.Json): string => lines(value).join("\n")

const lines = (value: Json.Json): ReadonlyArray<string> => {
  if (Array.isArray(value) && value.length > 0)
    return value.flatMap((item) => lines(item).map((line, at) => (at === 0 ? `- ${line}` : `  ${line}`)))
  if (Json.isObject(value) && Object.keys(value).length > 0)
    return Object.entries(value).flatMap(([name, item]) => {
      const inner = lines(item)
      return isBlock(item)
        ? [`${scalar(name)}:`, ...inner.map((line) => `  ${line}`)]
        : [`${scalar(name)}: ${inner.join("")}`]
    })
  return [scalar(value)]
}

const isBlock = (value: Json.Json): boolean =>
  Array.isArray(value) ? value.length > 0 : Json.isObject(value) && Object.keys(value).length > 0

/** Every JSON text is YAML, so that a text is quoted as JSON unless it plainly needs no quotes. */
const scalar = (value: Json.Json): string =>
  typeof value === "string" && plain.test(value) && !reserved.test(value) ? value : JSON.stringify(value)

const plain = /^[a-z_/][\w./-]*(?: [\w./-]+)*$/i
/** What readers of YAML 1.1 take for something other than a text. */
const reserved = /^(?:true|false|null|yes|no|on|off|y|n)$|^\.(?:inf|nan)$/i
