/**
 * Keys of a profile in AWS's shared files, or of the role that it takes on with another profile's keys.
 * Source: https://docs.aws.amazon.com/sdkref/latest/guide/file-location.html and
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html
 */
import { readFile } from "node:fs/promises"
import { homedir } from "node:os"
import { join } from "node:path"
import * as AssumedRole from "@drawbar/connector-runtime/AssumedRole"
import { Effect } from "effect"
import * as Ini from "./Ini.ts"
import { codeOf, type Keys, regionOf, type World } from "./World.ts"

type Profiles = ReadonlyMap<string, Ini.Section>

export const keys = Effect.fnUntraced(function* (
  world: World,
  now: number,
): Effect.fn.Return<Effect.Success<Keys>, string> {
  const named = world.environment["AWS_PROFILE"]
  const profiles = yield* load(world)
  const name = named || "default"
  const profile = profiles.get(name)
  if (!named && (profile === undefined || [...profile.keys()].every((key) => !says.test(key)))) return undefined
  return yield* keysOf({ world, profiles, now }, name, [])
})

/** The names by which a profile says how keys are had, known here or not. */
const says = /^(?:aws_access_key_id|aws_secret_access_key|role_arn|sso_.*|credential_.*|web_identity_.*)$/

interface Reading {
  readonly world: World
  readonly profiles: Profiles
  readonly now: number
}

/** In ms: keys that stand in a file are read anew when they are asked for later than that, less what is left of them. */
const rereadAfter = 600_000

const keysOf = (reading: Reading, name: string, before: ReadonlyArray<string>): Keys => {
  const profile = reading.profiles.get(name)
  if (profile === undefined)
    return Effect.fail(`no profile is called ${name} in AWS's shared files (AWS_PROFILE, or a source_profile)`)
  const roleArn = profile.get("role_arn")
  // A profile may be its own source: then its own keys take the role on.
  if (roleArn !== undefined && !before.includes(name)) return roleOf(reading, name, roleArn, before)
  const [accessKeyId, secretAccessKey] = [profile.get("aws_access_key_id"), profile.get("aws_secret_access_key")]
  if (!accessKeyId || !secretAccessKey)
    return Effect.fail(
      `the profile ${name} has neither aws_access_key_id and aws_secret_access_key, nor role_arn and source_profile; other ways of a profile are not gone`,
    )
  const sessionToken = profile.get("aws_session_token") || undefined
  return Effect.succeed({
    value: { accessKeyId, secretAccessKey, sessionToken },
    expires: reading.now + rereadAfter,
  })
}

const roleOf = Effect.fnUntraced(function* (
  reading: Reading,
  name: string,
  roleArn: string,
  before: ReadonlyArray<string>,
): Effect.fn.Return<Effect.Success<Keys>, string> {
  const { world, profiles, now } = reading
  const profile = profiles.get(name)
  const source = profile?.get("source_profile")
  if (source === undefined) return yield* Effect.fail(`the profile ${name} has a role_arn, but no source_profile`)
  const found = yield* keysOf(reading, source, [...before, name])
  if (found === undefined) return undefined
  const options = {
    way: world.door,
    region: profile?.get("region") ?? regionOf(world),
    roleArn,
    proof: { keys: Effect.succeed(found.value), externalId: profile?.get("external_id") },
    sessionName: profile?.get("role_session_name"),
  }
  return yield* Effect.mapError(AssumedRole.fetch(options, now), ({ message }) => `the profile ${name}: ${message}`)
})

/** What both files say; where both say it, the file of credentials is right. */
const load = Effect.fnUntraced(function* ({ environment }: World) {
  const folder = join(environment["HOME"] ?? homedir(), ".aws")
  const profiles = new Map<string, Map<string, string>>()
  const read = Effect.fnUntraced(function* (
    variable: string,
    usual: string,
    nameOf: (section: string) => string | undefined,
  ) {
    const text = content(environment[variable] || join(folder, usual))
    // The usual file need not be there; one that is named has to.
    const found = environment[variable]
      ? text
      : Effect.catch(text, (why) => (why.endsWith("(ENOENT)") ? Effect.succeed("") : Effect.fail(why)))
    for (const [section, values] of Ini.parse(yield* found)) {
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

const content = (file: string): Effect.Effect<string, string> =>
  Effect.tryPromise({
    try: () => readFile(file, "utf8"),
    catch: (cause) => `the file ${file} cannot be read (${codeOf(cause)})`,
  })
