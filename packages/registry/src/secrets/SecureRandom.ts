/** Unpredictable bytes, for ids, keys and initialisation vectors; a test may put its own in its place. */
import { randomBytes } from "node:crypto"
import { Context } from "effect"

export const SecureRandom = Context.Reference<(size: number) => Uint8Array>("@drawbar/registry/SecureRandom", {
  defaultValue: () => randomBytes,
})
