/**
 * The secrets that connectors may refer to: variables named `DRAWBAR_SECRET_…`, the files of one folder, and external
 * secret stores.
 */
import { constants } from "node:fs"
import { type FileHandle, open, readlink, realpath } from "node:fs/promises"
import { join, relative, resolve, sep } from "node:path"
import * as AwsIdentity from "@drawbar/connector-runtime/auth/AwsIdentity"
import type { SecretHost } from "@drawbar/deployments/connectors/SecretHosts"
import { none, type Reading, SecretSource } from "@drawbar/deployments/connectors/SecretReferences"
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
  /** The hosts to which some of the secrets may be sent. */
  readonly hosts?: ReadonlyArray<SecretHost> | undefined
}

export const layer = ({ environment, folder, vault, awsSecrets = [], hosts = [] }: Options) =>
  Layer.effect(
    SecretSource,
    Effect.gen(function* () {
      const httpClient = yield* OperatorHttpClient
      const identity = yield* AwsIdentity.AwsIdentity
      return {
        hosts,
        env: (name) => variable(environment, name),
        file: folder === undefined ? none.file : file(folder),
        vault: vault === undefined ? none.vault : Vault.make(vault, httpClient),
        ...(identity === undefined || awsSecrets.length === 0
          ? {}
          : { aws: SecretsManager.make({ listed: awsSecrets, identity, httpClient }) }),
      }
    }),
  )

/** The prefix of the variables that connectors may refer to. */
const prefix = "DRAWBAR_SECRET_"

const variable = (environment: Options["environment"], name: string): Effect.Effect<string, string> => {
  if (!name.startsWith(prefix)) return Effect.fail(foreign(name))
  const value = environment[name]
  return value === undefined || value === ""
    ? Effect.fail(
        `the server's variable ${name} is not set. Start the server with ${name}=…, or send your own variable with the command: --credential NAME=env:VARIABLE`,
      )
    : Effect.succeed(value)
}

/** `env:` is the server's variable in a document, and the shell's in an argument of the command. */
const foreign = (name: string): string =>
  `env:${name} in a connector names a variable of the server: only variables named ${prefix}… are allowed, and ${name} is not. ` +
  `To send the variable of your own shell: drawbar connector create FILE --credential NAME=env:${name}. ` +
  `To keep the key with the server: start it with ${prefix}${name}=… and write env:${prefix}${name}`

const file =
  (folder: string): Reading =>
  (name) =>
    Effect.tryPromise({
      try: () => content(folder, name),
      catch: (cause) => (cause instanceof NotAllowed ? cause.message : `cannot read the server's file ${name}`),
    })

class NotAllowed extends Error {}

/** In bytes; sufficient for a certificate with its chain. */
const maxFileBytes = 65_536

/**
 * Links that lead out of the folder are not followed. A line break at the end is not part of the secret. Nothing
 * outside the folder is accessed, because even the existence of a file must not be revealed.
 */
const content = async (folder: string, name: string): Promise<string> => {
  const inside = await realpath(folder)
  const path = await resolvedPath(inside, join(inside, name), name)
  // Opening a pipe would block until another process writes to it.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
  try {
    return (await textOf(handle, name)).replace(/\r?\n$/, "")
  } finally {
    await handle.close()
  }
}

/** The file that a path leads to, resolved link by link. */
const resolvedPath = async (inside: string, path: string, name: string): Promise<string> => {
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
  throw new NotAllowed(`${name} is outside the server's folder of secrets`)
}

/** The maximum number of segments and links to follow. */
const maxSteps = 100

const textOf = async (handle: FileHandle, name: string): Promise<string> => {
  const found = await handle.stat()
  if (!found.isFile()) throw new NotAllowed(`${name} in the server's folder of secrets is not a file`)
  if (found.size > maxFileBytes)
    throw new NotAllowed(`${name} in the server's folder of secrets is larger than ${maxFileBytes} bytes`)
  return handle.readFile("utf8")
}
