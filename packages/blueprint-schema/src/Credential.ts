/** The secrets of a connector by name. A value is readable in one place only, where a request is authorised. */
import { Redacted } from "effect"

export type Credential = Readonly<Record<string, Redacted.Redacted>>

export const names = (credential: Credential): ReadonlyArray<string> => Object.keys(credential)
