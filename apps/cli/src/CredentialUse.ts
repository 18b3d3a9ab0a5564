/** Which secrets a connector uses: those of its headers, and those that Drawbar reads by name. */
import * as Reserved from "@drawbar/blueprint-schema/ReservedParameters"

/** The first of `names` that nothing uses, with those that something does. */
export const unused = (
  connector: Readonly<Record<string, unknown>>,
  names: ReadonlyArray<string>,
): { readonly name: string; readonly used: ReadonlyArray<string> } | undefined => {
  const placeholders = [...JSON.stringify(connector["actions"] ?? []).matchAll(/\$\{credential\.([^}"\\]+)\}/g)]
  const used = [...new Set(placeholders.flatMap(([, name]) => name ?? []))]
  const name = names.find(
    (given) => !used.includes(given) && !Reserved.credentials.some((known) => known.name === given),
  )
  return name === undefined ? undefined : { name, used }
}
