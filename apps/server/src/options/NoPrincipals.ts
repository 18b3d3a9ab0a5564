/** `--auth on` before there is anybody who could say who he is. */
import { Data } from "effect"

export class NoPrincipals extends Data.TaggedError("NobodyMayAsk") {
  override get message() {
    return (
      "--auth on, but there is no user and no API key yet, so that nobody could ask anything. Start it once without, on loopback, " +
      "and create one: drawbar user create NAME --role admin --password env:VARIABLE"
    )
  }
}
