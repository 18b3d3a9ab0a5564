/** Percent-encoding (RFC 3986, section 2.1), such that the WHATWG URL parser leaves the result unchanged. */

/** `encodeURIComponent` keeps `'`, which `URL` would encode as `%27` in a query. */
const encode = (text: string): string => encodeURIComponent(text).replaceAll("'", "%27")

const encoder = (rest: RegExp) => (text: string) => text.toWellFormed().replace(rest, encode)

/** An author's path or a part of it: `/` and `%XX` are kept. */
export const path = encoder(/%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~:@!$&'()*+,;=/%]+/g)

/** An author's query or a part of it. */
export const query = encoder(/%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~:@!$&()*+,;=/?%]+/g)

/** One segment of a path. */
export const segment = encoder(/[^A-Za-z0-9\-._~:@!$&'()*+,;=]+/g)

/** One name or value of a query, in a form that form decoders also accept. */
export const value = encoder(/[^A-Za-z0-9\-._~]+/g)
