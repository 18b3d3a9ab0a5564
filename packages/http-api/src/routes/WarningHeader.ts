/** The `Warning` header: what a client should know of a request that succeeded. Source: https://www.rfc-editor.org/rfc/rfc7234#section-5.5 */

/** In characters: proxies bound the headers of a response to some kilobytes. */
const maxChars = 2_000

/** The header, or none where there is nothing to say; `version` is the server's. */
export const of = (version: string, texts: ReadonlyArray<string>): Readonly<Record<string, string>> => {
  if (texts.length === 0) return {}
  const values: Array<string> = []
  let left = maxChars
  for (const text of texts) {
    const value = `299 Drawbar-${version} "${quotable(text).slice(0, maxChars)}"`
    left -= value.length
    if (left < 0 && values.length > 0) break
    values.push(value)
  }
  return { Warning: values.join(", ") }
}

// Settings hold patterns with every character there is; a header takes printable ASCII.
const quotable = (text: string) =>
  text
    .replaceAll(/[^\x20-\x7e]/g, "?")
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
