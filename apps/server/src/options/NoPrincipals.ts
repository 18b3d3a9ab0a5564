/** `--auth on`, but no user or API key exists yet. */
import { Data } from "effect"

export class NoPrincipals extends Data.TaggedError("NoPrincipals") {
  override get message() {
    return (
      "--auth on requires at least one user or API key. Start the server once without it, on loopback, " +
      "and create one: drawbar user create NAME --role admin --password env:VARIABLE"
    )
  }
}
