/**
 * The charset of a request's body, which a connector names in its parameter `charset`. Bodies are sent as bytes that mean the same
 * in UTF-8 and in that charset, or are refused.
 */
import * as Json from "@drawbar/json-text/Json"
import { Result } from "effect"

/** In all of these the first 128 characters have the bytes of ASCII: https://encoding.spec.whatwg.org/#names-and-labels */
const supersetsOfAscii =
  /^(?:us-?ascii|ascii|iso[-_]?8859[-_]?\d{1,2}|latin-?[1-9]|windows-?\d{3,4}|cp\d{3,4}|koi8-[ru]|euc-(?:jp|kr)|gbk|gb2312|gb18030|big5)$/i

const isUtf8 = (label: string): boolean => /^utf-?8$/i.test(label)

/** Fails with a sentence for a charset in which bodies cannot be sent. */
export const check = (label: string): Result.Result<void, string> =>
  isUtf8(label) || supersetsOfAscii.test(label)
    ? Result.void
    : Result.fail(
        `charset ${JSON.stringify(label.slice(0, 64))} is not supported for request bodies. Use UTF-8, or leave the parameter out`,
      )

/** The body in a charset that `check` allows: JSON writes what is beyond ASCII as escapes, a text of another kind has to have none. */
export const apply = (label: string, body: string): Result.Result<string, string> => {
  if (isUtf8(label) || body.search(beyondAscii) === -1) return Result.succeed(body)
  return Result.isSuccess(Json.parse(body))
    ? Result.succeed(body.replaceAll(beyondAscii, escapeOf))
    : Result.fail(
        `The body is not JSON and has characters beyond ASCII, which cannot be sent in the charset ${label} that the parameter charset names. Use UTF-8`,
      )
}

const beyondAscii = /[\u0080-\uffff]/g

const escapeOf = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`
