/** Percent-encoding (RFC 3986, section 2.1), such that the WHATWG URL parser changes nothing of what leaves here. */

/** `encodeURIComponent` lets `'` through, which `URL` would write as `%27` in a query. */
const encode = (text: string): string => encodeURIComponent(text).replaceAll("'", "%27")

const encoder = (rest: RegExp) => (text: string) => text.toWellFormed().replace(rest, encode)

/** An author's path or a part of it: `/` and `%XX` stay. */
export const path = encoder(/%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~:@!$&'()*+,;=/%]+/g)

/** An author's query or a part of it. */
export const query = encoder(/%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~:@!$&()*+,;=/?%]+/g)

/** One segment of a path. */
export const segment = encoder(/[^A-Za-z0-9\-._~:@!$&'()*+,;=]+/g)

/** One name or value of a query, as forms read it too. */
export const value = encoder(/[^A-Za-z0-9\-._~]+/g)
