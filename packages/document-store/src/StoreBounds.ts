/** Limits on one record and on one search. */

/** Size of a record as JSON text, including its ciphertexts, in bytes. */
export const recordBytes = 1_000_000
/** What a version of a record may add to that record: when it was written, by whom, and the names of its secrets. */
export const versionBytes = 100_000

/** Number of patterns in `_source`, includes and excludes together. */
export const sourcePatterns = 100
/** Length of one such pattern, in characters. */
export const patternLength = 255
/** Length of one wildcard or regular expression in a query, in characters. */
export const searchPatternLength = 1_000
/**
 * Number of wildcards and regular expressions in one query. Each is matched against every distinct value of its field.
 */
export const searchPatterns = 32
/** Clauses of a query times records of the collection, because each clause is a look-up for each record. */
export const searchTests = 20_000_000
/** Size of the records that one search returns, as JSON text, in bytes. */
export const searchBytes = 32_000_000
/** Work of one search, in steps of 1 ns to 10 ns, for matching and for returning records. */
export const searchSteps = 200_000_000
/** After this many steps, about 5 ms, a search yields to other requests. */
export const stepsBetweenTurns = 1_000_000
