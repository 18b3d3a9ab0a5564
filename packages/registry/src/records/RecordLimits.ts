/** How large the parts of a record may be. `document-store/StoreBounds` has those of any record and of searches. */

export const recordParameters = 1_000
export const recordCredentials = 100
export const recordActions = 50
/** Of a name, in characters. */
export const nameLength = 255
/** Of the JSON Schemas of a model's input and output together: objects, lists and values. */
export const interfaceNodes = 5_000
/** Of any number in a record: a time, a count, a version. JavaScript holds whole numbers exactly up to it. */
export const largestNumber = Number.MAX_SAFE_INTEGER

/** Until an API key expires, in days. */
export const keyDays = 36_500
