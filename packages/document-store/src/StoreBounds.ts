/** How much one record, and one search of records, may take. */

/** Of a record as JSON text, its ciphertexts included, in bytes. */
export const recordBytes = 1_000_000

/** Patterns of `_source`, includes and excludes together. */
export const sourcePatterns = 100
/** Of one pattern, in characters. */
export const patternLength = 255
/** Of one wildcard or regular expression of a query, in characters. */
export const searchPatternLength = 1_000
/** Wildcards and regular expressions in one query: each is held against every distinct value of its field. */
export const searchPatterns = 32
/** Clauses of a query times records of the collection: each clause is a look-up for each record. */
export const searchTests = 20_000_000
/** Of the records that one search shows, as JSON text, in bytes. */
export const searchBytes = 32_000_000
/** Of one search, in steps of 1 ns to 10 ns: what it matches and shows. */
export const searchSteps = 200_000_000
/** After so many steps other requests get a turn: 5 ms or so. */
export const stepsBetweenTurns = 1_000_000
