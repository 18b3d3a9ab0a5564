import { createHash, createHmac, type Hash, type Hmac } from "node:crypto"

const begin = (secret: string | ArrayBuffer | ArrayBufferView | undefined): Hash | Hmac => {
  if (secret === undefined) return createHash("sha256")
  return createHmac("sha256", secret instanceof ArrayBuffer ? new Uint8Array(secret) : secret)
}

/** SHA-256, or HMAC-SHA-256 where a secret is given: OpenSSL's, which is several times faster than one in JavaScript. */
export class Sha256 {
  readonly #hash: Hash | Hmac

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = begin(secret)
  }

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes)
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }

  /** The interface asks for it; a signer makes a new object for each digest, so there is nothing to forget. */
  reset(): void {}
}

/** The lower-case hexadecimal SHA-256 of a body; text is hashed as UTF-8, an absent body as no bytes. */
export const hex = (body: string | Uint8Array = ""): string => createHash("sha256").update(body).digest("hex")
