/** The subset of ASN.1's Distinguished Encoding Rules (ITU-T X.690) that a certificate needs. */

const length = (size: number): Buffer => {
  if (size < 0x80) return Buffer.of(size)
  if (size < 0x100) return Buffer.of(0x81, size)
  return Buffer.of(0x82, size >> 8, size & 0xff)
}

export const element = (tag: number, ...content: ReadonlyArray<Uint8Array>): Buffer => {
  const bytes = Buffer.concat(content)
  return Buffer.concat([Buffer.of(tag), length(bytes.byteLength), bytes])
}

export const sequence = (...content: ReadonlyArray<Uint8Array>) => element(0x30, ...content)
export const set = (...content: ReadonlyArray<Uint8Array>) => element(0x31, ...content)
export const truth = element(0x01, Buffer.of(0xff))
export const integer = (bytes: Uint8Array) => element(0x02, bytes)
export const bitString = (bytes: Uint8Array, unusedBits = 0) => element(0x03, Buffer.of(unusedBits), bytes)
export const octetString = (bytes: Uint8Array) => element(0x04, bytes)
export const objectIdentifier = (hexadecimal: string) => element(0x06, Buffer.from(hexadecimal, "hex"))
export const utf8String = (text: string) => element(0x0c, Buffer.from(text))
export const utcTime = (text: string) => element(0x17, Buffer.from(text))
/** A constructed, context-specific element. */
export const explicit = (tag: number, content: Uint8Array) => element(0xa0 | tag, content)
