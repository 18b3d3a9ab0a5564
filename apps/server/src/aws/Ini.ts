/**
 * Parses AWS's shared files: sections of `name = value`. Nested values are ignored. Source:
 * https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
 */
export type Section = ReadonlyMap<string, string>

/**
 * The sections by the name in their brackets, without quotes; if one occurs twice, later values override earlier ones.
 */
export const parse = (text: string): ReadonlyMap<string, Section> => {
  const sections = new Map<string, Map<string, string>>()
  let current: Map<string, string> | undefined
  for (const line of text.split(/\r?\n/)) {
    const plain = line.replace(/(?:^|\s)[#;].*$/, "")
    const name = /^\[(.*)\]\s*$/.exec(plain)?.[1]?.replaceAll(/["']/g, "").trim().replace(/\s+/, " ")
    if (name !== undefined) sections.set(name, (current = sections.get(name) ?? new Map()))
    const [, key, value = ""] = /^([^\s=][^=]*)=(.*)$/.exec(plain) ?? []
    if (key !== undefined) current?.set(key.trim().toLowerCase(), value.trim())
  }
  return sections
}
