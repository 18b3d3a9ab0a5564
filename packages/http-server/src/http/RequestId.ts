/** What a request is called in its answer and in the log: the caller's own word for it where that is fit to be repeated. */
export type RequestId = (given: string | ReadonlyArray<string> | undefined) => string

/** `prefix` tells one run of the server from another. */
export const make = (prefix: string): RequestId => {
  let count = 0
  return (given) =>
    typeof given === "string" && /^[\w.:-]{1,128}$/.test(given) ? given : `${prefix}-${(++count).toString(36)}`
}
