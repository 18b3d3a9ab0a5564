/** What the operator lets connectors name: variables called `DRAWBAR_SECRET_…`, the files of one folder, and what stores of secrets keep. */
import { constants } from "node:fs"
import { type FileHandle, open, readlink, realpath } from "node:fs/promises"
import { join, relative, resolve, sep } from "node:path"
import * as AwsIdentity from "@drawbar/connector-runtime/auth/AwsIdentity"
import type { SecretHost } from "@drawbar/deployments/SecretHosts"
import { none, type Reading, SecretSource } from "@drawbar/deployments/SecretReferences"
import { Effect, Layer } from "effect"
import * as SecretsManager from "../aws/SecretsManager.ts"
import { OperatorHttpClient } from "./OperatorHttpClient.ts"
import * as Vault from "./Vault.ts"

export interface Options {
  readonly environment: Readonly<Record<string, string | undefined>>
  /** The folder of files. */
  readonly folder?: string | undefined
  readonly vault?: Vault.Vault | undefined
  /** The ARNs of AWS Secrets Manager. */
  readonly awsSecrets?: ReadonlyArray<string>
  /** To which hosts some of them may be sent alone. */
  readonly hosts?: ReadonlyArray<SecretHost> | undefined
}

export const layer = ({ environment, folder, vault, awsSecrets = [], hosts = [] }: Options) =>
  Layer.effect(
    SecretSource,
    Effect.gen(function* () {
      const door = yield* OperatorHttpClient
      const identity = yield* AwsIdentity.AwsIdentity
      return {
        hosts,
        env: (name) => variable(environment, name),
        file: folder === undefined ? none.file : file(folder),
        vault: vault === undefined ? none.vault : Vault.make(vault, door),
        ...(identity === undefined || awsSecrets.length === 0
          ? {}
          : { aws: SecretsManager.make({ listed: awsSecrets, identity, door }) }),
      }
    }),
  )

/** The prefix of the variables that may be named. */
const prefix = "DRAWBAR_SECRET_"

const variable = (environment: Options["environment"], name: string): Effect.Effect<string, string> => {
  if (!name.startsWith(prefix)) return Effect.fail(`only variables called ${prefix}… may be named, and ${name} is not`)
  const value = environment[name]
  return value === undefined || value === ""
    ? Effect.fail(`the variable ${name} of the server is not set`)
    : Effect.succeed(value)
}

const file =
  (folder: string): Reading =>
  (name) =>
    Effect.tryPromise({
      try: () => content(folder, name),
      catch: (cause) => (cause instanceof Refused ? cause.message : `the file ${name} of the server cannot be read`),
    })

class Refused extends Error {}

/** In bytes; a certificate with its chain has room. */
const largest = 65_536

/**
 * A link that leads out of the folder is not followed. A line break at the end is no part of the secret. Nothing outside is looked at
 * on the way: whether it is there must not be told.
 */
const content = async (folder: string, name: string): Promise<string> => {
  const inside = await realpath(folder)
  const path = await followed(inside, join(inside, name), name)
  // A pipe would keep its reader waiting for somebody who writes.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
  try {
    return (await textOf(handle, name)).replace(/\r?\n$/, "")
  } finally {
    await handle.close()
  }
}

/** The file that a path leads to, link by link. */
const followed = async (inside: string, path: string, name: string): Promise<string> => {
  let at = inside
  let target = path
  for (let steps = 0; steps < maxSteps && target.startsWith(`${inside}${sep}`); steps++) {
    const [segment = "", ...further] = relative(at, target).split(sep)
    if (segment === "") return at
    const next = join(at, segment)
    const link = segment === ".." ? undefined : await readlink(next).catch(() => undefined)
    if (segment === "..") at = inside
    else if (link === undefined) at = next
    else target = join(resolve(at, link), ...further)
  }
  throw new Refused(`${name} leads out of the server's folder of secrets`)
}

/** So many segments and links are followed. */
const maxSteps = 100

const textOf = async (handle: FileHandle, name: string): Promise<string> => {
  const found = await handle.stat()
  if (!found.isFile()) throw new Refused(`${name} in the server's folder of secrets is no file`)
  if (found.size > largest)
    throw new Refused(`${name} in the server's folder of secrets is larger than ${largest} bytes`)
  return handle.readFile("utf8")
}
