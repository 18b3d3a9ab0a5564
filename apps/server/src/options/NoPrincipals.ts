/** `--auth on`, but no user or API key exists yet. */
import { Data } from "effect"

export class NoPrincipals extends Data.TaggedError("NoPrincipals") {
  override get message() {
    return (
      "--auth on requires at least one user or API key. Set DRAWBAR_INITIAL_ADMIN_KEY_FILE to a file with the key that the first " +
      "admin is to have (openssl rand -hex 32), or start the server once without --auth on, on loopback, " +
      "and create one: drawbar user create NAME --role admin --password env:VARIABLE"
    )
  }
}
