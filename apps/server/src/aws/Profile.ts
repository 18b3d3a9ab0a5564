/**
 * Keys of a profile in AWS's shared files, or of the role that it assumes with another profile's keys. Source:
 * https://docs.aws.amazon.com/sdkref/latest/guide/file-location.html and
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html
 */
import { readFile } from "node:fs/promises"
import { homedir } from "node:os"
import { join } from "node:path"
import type * as SigV4 from "@drawbar/auth-sigv4/SigV4"
import * as AssumedRole from "@drawbar/connector-runtime/auth/AssumedRole"
import type { Expiring } from "@drawbar/egress/RefreshingValue"
import { Effect } from "effect"
import * as Ini from "./Ini.ts"
import { codeOf, type Keys, regionOf, type AwsEnvironment } from "./AwsEnvironment.ts"

type Profiles = ReadonlyMap<string, Ini.Section>

export const keys = Effect.fnUntraced(function* (
  world: AwsEnvironment,
  now: number,
): Effect.fn.Return<Effect.Success<Keys>, string> {
  const named = world.environment["AWS_PROFILE"]
  const profiles = yield* load(world)
  const name = named || "default"
  const isMeant = named || [...(profiles.get(name)?.keys() ?? [])].some((key) => expectedText.test(key))
  return isMeant ? yield* keysOf({ world, profiles, now }, name, []) : undefined
})

/** The settings that define how a profile obtains keys, supported here or not. */
const expectedText = /^(?:aws_access_key_id|aws_secret_access_key|role_arn|sso_.*|credential_.*|web_identity_.*)$/

interface Reading {
  readonly world: AwsEnvironment
  readonly profiles: Profiles
  readonly now: number
}

/** In ms: how long keys from a file are used before the file is read again. */
const rereadAfter = 600_000

/** `before`: the profiles that led to this one through source_profile. */
const keysOf = Effect.fnUntraced(function* (
  reading: Reading,
  name: string,
  before: ReadonlyArray<string>,
): Effect.fn.Return<Expiring<SigV4.Credentials>, string> {
  const { world, profiles, now } = reading
  const profile = profiles.get(name)
  if (profile === undefined)
    return yield* Effect.fail(`AWS's shared files contain no profile ${name} (AWS_PROFILE, or a source_profile)`)

  const [roleArn, source] = [profile.get("role_arn"), profile.get("source_profile")]
  // A profile may be its own source: then its own keys assume the role.
  if (roleArn !== undefined && !before.includes(name)) {
    if (source === undefined) return yield* Effect.fail(`the profile ${name} has a role_arn, but no source_profile`)
    const { value } = yield* keysOf(reading, source, [...before, name])
    const options = {
      way: world.httpClient,
      region: profile.get("region") ?? regionOf(world),
      roleArn,
      proof: { keys: Effect.succeed(value), externalId: profile.get("external_id") },
      sessionName: profile.get("role_session_name"),
    }
    return yield* Effect.mapError(AssumedRole.fetch(options, now), ({ message }) => `the profile ${name}: ${message}`)
  }

  const [accessKeyId, secretAccessKey] = [profile.get("aws_access_key_id"), profile.get("aws_secret_access_key")]
  if (!accessKeyId || !secretAccessKey)
    return yield* Effect.fail(
      `the profile ${name} has neither aws_access_key_id and aws_secret_access_key, nor role_arn and source_profile; its other settings are not supported`,
    )
  const sessionToken = profile.get("aws_session_token") || undefined
  return { value: { accessKeyId, secretAccessKey, sessionToken }, expires: now + rereadAfter }
})

/** The settings of both files; the credentials file takes precedence. */
const load = Effect.fnUntraced(function* ({ environment }: AwsEnvironment) {
  const folder = join(environment["HOME"] ?? homedir(), ".aws")
  const profiles = new Map<string, Map<string, string>>()
  const read = Effect.fnUntraced(function* (
    variable: string,
    usual: string,
    nameOf: (section: string) => string | undefined,
  ) {
    const named = environment[variable]
    const text = yield* content(named || join(folder, usual), Boolean(named))
    for (const [section, values] of Ini.parse(text)) {
      const name = nameOf(section)
      if (name !== undefined) profiles.set(name, new Map([...(profiles.get(name) ?? []), ...values]))
    }
  })
  yield* read("AWS_CONFIG_FILE", "config", (section) =>
    section === "default" ? section : /^profile (.+)$/.exec(section)?.[1],
  )
  yield* read("AWS_SHARED_CREDENTIALS_FILE", "credentials", (section) => section)
  const whole: Profiles = profiles
  return whole
})

/** The default file may be missing; a file named explicitly must exist. */
const content = (file: string, isNamed: boolean): Effect.Effect<string, string> =>
  Effect.tryPromise({ try: () => readFile(file, "utf8"), catch: codeOf }).pipe(
    Effect.catch((code) =>
      code === "ENOENT" && !isNamed ? Effect.succeed("") : Effect.fail(`the file ${file} cannot be read (${code})`),
    ),
  )
