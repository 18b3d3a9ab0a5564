/** Splits the documents of one predict into those of several calls of the platform. */

/** What one call takes at the most; absent: no limit. */
export interface DocumentBatches {
  readonly maxItems?: number | undefined
  /** UTF-8 bytes of the texts alone. A text that is longer goes by itself. */
  readonly maxBytes?: number | undefined
}

/** The documents in their order, each batch as full as its limits allow; an exact fit is allowed. */
export const split = (
  documents: ReadonlyArray<string | null>,
  { maxItems = Infinity, maxBytes = Infinity }: DocumentBatches,
): ReadonlyArray<ReadonlyArray<string | null>> => {
  if (documents.length <= maxItems && maxBytes === Infinity) return [documents]
  const batches: Array<ReadonlyArray<string | null>> = []
  let from = 0
  let bytes = 0
  for (let at = 0; at < documents.length; at++) {
    const size = maxBytes === Infinity ? 0 : Buffer.byteLength(documents[at] ?? "")
    if (at > from && (at - from === maxItems || bytes + size > maxBytes)) {
      batches.push(documents.slice(from, at))
      from = at
      bytes = 0
    }
    bytes += size
  }
  batches.push(documents.slice(from))
  return batches
}
