/** The one on whose behalf a request is made. */
import type { CurrentPrincipal } from "./CurrentPrincipal.ts"

export interface Caller {
  /** The principal's name; with `--auth off` the name that the caller sends without proof. Controllers count by it. */
  readonly name?: string | undefined
  /** Absent for the server itself and with `--auth off`. */
  readonly principal?: CurrentPrincipal | undefined
}

/** The server itself, or a caller that sent no name to a server with `--auth off`. */
export const anonymous: Caller = {}
