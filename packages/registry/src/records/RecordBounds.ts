/** How large the parts of a record may be; looked at before anything is sealed or compiled of it. */
import type { Blueprint } from "@drawbar/blueprint-schema/Blueprint"
import { type BlueprintError, invalid } from "@drawbar/blueprint-schema/BlueprintError"
import type { Connector } from "@drawbar/blueprint-schema/Connector"
import { Result } from "effect"
import * as RecordLimits from "./RecordLimits.ts"

type Checked = Result.Result<void, BlueprintError>

export const name = (label: string, text: string | undefined): Checked =>
  text !== undefined && text.length > RecordLimits.nameLength
    ? refused("/name", `${label} has ${text.length} characters: ${RecordLimits.nameLength} are taken at most`)
    : Result.void

/** A connector and the names of its secrets. */
export const blueprint = ({ connector, credential }: Pick<Blueprint, "connector" | "credential">): Checked =>
  Result.gen(function* () {
    yield* name("Model connector name", connector.name)
    yield* actions(connector.actions)
    yield* members("/parameters", connector.parameters, RecordLimits.recordParameters)
    yield* members("/credential", credential, RecordLimits.recordCredentials)
  })

const actions = (list: Connector["actions"]): Checked =>
  list.length > RecordLimits.recordActions
    ? refused("/actions", `A connector has ${list.length} actions: ${RecordLimits.recordActions} are taken at most`)
    : Result.void

const members = (pointer: string, of: Readonly<Record<string, unknown>>, most: number): Checked => {
  const names = Object.keys(of)
  if (names.length > most)
    return refused(pointer, `[${pointer}] has ${names.length} members: ${most} are taken at most`)
  const long = names.find(({ length }) => length > RecordLimits.nameLength)
  return long === undefined
    ? Result.void
    : refused(
        pointer,
        `[${pointer}] has a name of ${long.length} characters, which begins with [${long.slice(0, 20)}]: ${RecordLimits.nameLength} are taken at most`,
      )
}

const refused = (pointer: string, message: string): Checked => Result.fail(invalid(pointer, message))
