/** What a connector says about how its requests are authorised, held against what can be: so that no predict finds it out. */
import * as Reserved from "@drawbar/blueprint-schema/ReservedParameters"
import * as AwsSigning from "@drawbar/blueprint-schema/AwsSigning"
import type { Connector } from "@drawbar/blueprint-schema/Connector"
import type { Credential } from "@drawbar/blueprint-schema/Credential"
import { Redacted, Result } from "effect"
import { type ConnectorError, invalidConnector } from "../ConnectorError.ts"

/** The region and the service that the connector's own parameters name. */
export const check = ({ protocol, parameters }: Connector): Result.Result<void, ConnectorError> => {
  if (protocol !== "aws_sigv4") return Result.void
  for (const name of [Reserved.region, Reserved.serviceName] as const) {
    const value = parameters[name]
    const problem = value === undefined ? undefined : problemOf(name, value)
    if (value !== undefined && problem !== undefined)
      return refused(`/parameters/${name}`, `Parameter '${name}' ${problem}, but ${shown(value)}`)
  }
  return Result.void
}

/** What a signature is made of, as the credential has it. No value is shown. */
export const checkSecrets = ({ protocol }: Connector, credential: Credential): Result.Result<void, ConnectorError> => {
  if (protocol !== "aws_sigv4") return Result.void
  for (const [name, secret] of Object.entries(credential)) {
    const field = signed.has(name.startsWith(memberPrefix) ? name.slice(memberPrefix.length) : name) ? name : undefined
    const value = Redacted.value(secret)
    if (field === undefined || (value === "" && tokens.has(name))) continue
    const problem = unsigned(value)
    if (problem !== undefined)
      return refused(
        `/credential/${name}`,
        `Credential '${name}' cannot be signed with: it ${problem}. Copy it again, without line breaks or spaces`,
      )
  }
  const region = credential[Reserved.region]
  return region === undefined || problemOf(Reserved.region, Redacted.value(region)) === undefined
    ? Result.void
    : refused(
        `/credential/${Reserved.region}`,
        "Credential 'region' has to be a region, such as us-east-1, and is none",
      )
}

const tokens = new Set<string>(AwsSigning.sessionToken)
const signed = new Set<string>([
  ...AwsSigning.accessKey,
  ...AwsSigning.secretKey,
  ...AwsSigning.sessionToken,
  Reserved.serviceName,
])
const memberPrefix = Reserved.secretMember("")

/** One label of a host, in which most regions stand: other clouds have their own names for theirs. */
const label = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/

const problemOf = (name: typeof Reserved.region | typeof Reserved.serviceName, value: string): string | undefined => {
  if (name === Reserved.serviceName)
    return /^[\x21-\x7e]+$/.test(value) && !placeholder.test(value)
      ? undefined
      : "has to be the signing name of a service, such as bedrock"
  return label.test(value) && value.length <= 63 ? undefined : "has to be a region, such as us-east-1"
}

const placeholder = /^\s*<[^<>]+>\s*$/

const shown = (value: string): string =>
  value === ""
    ? "it is empty"
    : placeholder.test(value)
      ? `${value.trim().slice(0, 100)} is a placeholder that is not filled in`
      : `it is ${JSON.stringify(value.slice(0, 100))}`

/** Why a secret is not visible ASCII throughout; nothing where it is. */
const unsigned = (value: string): string | undefined => {
  if (value === "") return "is empty"
  if (placeholder.test(value)) return "is a placeholder that is not filled in"
  const at = value.search(/[^\x21-\x7e]/)
  if (at < 0) return undefined
  const what = /[\r\n]/.test(value.charAt(at))
    ? "a line break"
    : value[at] === " "
      ? "a space"
      : "a character that is not printable ASCII"
  return `has ${what} at character ${at + 1} of ${value.length}`
}

const refused = (pointer: string, message: string) => Result.fail(invalidConnector(pointer, message))
