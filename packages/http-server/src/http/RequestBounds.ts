/** How much work one request may make of its response. http-api's requests have their own bounds beside these. */

/** In ms: how long a request that calls no upstream may take. */
export const requestMillis = 60_000
/** A response that `filter_path` takes parts of, in characters. */
export const filteredResponse = 16_000_000
/** What `pretty` adds to a response, in characters. */
export const indentation = 16_000_000
