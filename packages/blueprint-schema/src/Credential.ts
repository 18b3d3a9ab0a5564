/** The secrets of a connector by name. Values are readable in only one place, where a request is authenticated. */
import { Redacted } from "effect"

export type Credential = Readonly<Record<string, Redacted.Redacted>>

export const names = (credential: Credential): ReadonlyArray<string> => Object.keys(credential)
