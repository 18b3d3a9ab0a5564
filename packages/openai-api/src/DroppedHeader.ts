/** The header with the fields that were left out of a request. Their names are the caller's, and may hold any character. */

/** In characters: proxies bound the headers of a response to some kilobytes. */
const maxChars = 2_000

/** The names in the order given, with percent signs for what a header cannot hold; the end says how many more there are. */
export const of = (names: Iterable<string>): Readonly<Record<string, string>> => {
  const shown: Array<string> = []
  let left = maxChars
  let more = 0
  for (const name of names) {
    const text = encoded(name)
    left -= text.length + 2
    if (left < 0) more++
    else shown.push(text)
  }
  if (more > 0) shown.push(`and ${more} more`)
  return shown.length === 0 ? {} : { "x-drawbar-dropped": shown.join(", ") }
}

/** A comma separates names, and a percent sign begins what is encoded. */
const encoded = (name: string): string => name.toWellFormed().replaceAll(/[^\x21-\x7e]|[,%]/gu, encodeURIComponent)
