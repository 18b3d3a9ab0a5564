/**
 * Secrets in HashiCorp Vault's key-value engine, version 2, below the path that the operator allows. Source:
 * https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2#read-secret-version
 */
import { readFile } from "node:fs/promises"
import * as Json from "@drawbar/json-text/Json"
import { brief } from "@drawbar/egress/EgressPool"
import type { Reading } from "@drawbar/deployments/connectors/SecretReferences"
import { Effect, Result } from "effect"
import type { OperatorHttpClient } from "./OperatorHttpClient.ts"

export interface Vault {
  /** The URL of its API. */
  readonly address: string
  /** The required prefix of paths: the engine's mount, and optionally a folder in it. */
  readonly prefix: string
  readonly token: { readonly text: string } | { readonly file: string }
  readonly namespace: string | undefined
}

type Environment = Readonly<Record<string, string | undefined>>

/** Reads Vault's own variables; undefined if no path is allowed. */
export const read = (
  prefix: string | undefined,
  environment: Environment,
): Result.Result<Vault | undefined, string> => {
  if (!prefix) return Result.succeed(undefined)
  const path = prefix.replace(/^\/+|\/+$/g, "")
  const { VAULT_ADDR: address, VAULT_TOKEN: text, VAULT_TOKEN_FILE: file, VAULT_NAMESPACE: namespace } = environment
  if (!plain(path)) return Result.fail(`--vault-prefix ${prefix} must be a path such as secret/drawbar.`)
  if (!address || !/^https?:\/\//.test(address) || !URL.canParse(address))
    return Result.fail("--vault-prefix requires VAULT_ADDR to be a URL such as https://vault.example.com:8200.")
  if (!text && !file) return Result.fail("--vault-prefix requires VAULT_TOKEN or VAULT_TOKEN_FILE to be set.")
  return Result.succeed({
    address: address.replace(/\/+$/, ""),
    prefix: path,
    token: file ? { file } : { text: text ?? "" },
    namespace: namespace || undefined,
  })
}

/** Plain segments, which need no encoding and do not lead upwards. */
const plain = (path: string): boolean =>
  path.split("/").every((segment) => /^[\w.-]+$/.test(segment) && !/^\.+$/.test(segment))

const limits = brief(1_048_576)

/** Reads `PATH#FIELD`, where the path has the form that `vault kv get` accepts. */
export const make =
  (vault: Vault, httpClient: OperatorHttpClient["Service"]): Reading =>
  (name) =>
    Effect.gen(function* () {
      const [, path = "", field = ""] = /^([^#]+)#(.+)$/s.exec(name) ?? []
      if (field === "") return yield* Effect.fail("it does not have the form vault:PATH#FIELD")
      if (!plain(path) || !path.startsWith(`${vault.prefix}/`))
        return yield* Effect.fail(`only secrets below ${vault.prefix}/ in Vault are allowed, and ${path} is not`)
      const [mount, ...rest] = path.split("/")
      const url = `${vault.address}/v1/${mount}/data/${rest.join("/")}`
      const headers = {
        accept: "application/json",
        "x-vault-request": "true",
        "x-vault-token": yield* tokenOf(vault),
        ...(vault.namespace === undefined ? {} : { "x-vault-namespace": vault.namespace }),
      }
      const answer = yield* Effect.mapError(
        httpClient.send({ method: "GET", url, headers }, limits),
        ({ message }) => `the request to Vault failed: ${message}`,
      )
      if (answer.status !== 200) return yield* Effect.fail(refusal(path, answer.status))
      const value = member(Json.objectIn(Buffer.from(answer.body).toString("utf8")), "data", "data", field)
      return typeof value === "string" && value !== ""
        ? value
        : yield* Effect.fail(`${path} in Vault has no text field ${field}`)
    })

/** An agent writes a new token to the file before the old one expires. */
const tokenOf = ({ token }: Vault): Effect.Effect<string, string> =>
  "text" in token
    ? Effect.succeed(token.text)
    : Effect.tryPromise({
        try: async () => (await readFile(token.file, "utf8")).trim(),
        catch: () => "the server's Vault token cannot be read",
      })

const refusal = (path: string, status: number): string =>
  status === 403
    ? `Vault does not allow this server to read ${path}`
    : status === 404
      ? `Vault has no secret at ${path}`
      : `Vault returned status ${status} for ${path}`

const member = (json: unknown, ...names: ReadonlyArray<string>): unknown =>
  names.reduce(
    (value: unknown, name) => (Json.isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined),
    json,
  )
