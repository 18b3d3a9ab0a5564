/** What the operator says at the start: flags, else environment variables, else defaults. */
import { isIP } from "node:net"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { Result } from "effect"

export interface Flags {
  readonly help: boolean
  readonly host: string
  /** 0 for any that is free. */
  readonly port: number
  /** The folder of the database; `:memory:` for none. */
  readonly data: string
  /** The key ring's file; unused where the data is in memory. */
  readonly keyring: string
  readonly settings: string | undefined
  /** `host:port` of a connector's URL to the `address:port` that is connected to in its place. */
  readonly connectTo: Readonly<Record<string, string>>
  readonly caFiles: ReadonlyArray<string>
  readonly allowedHosts: ReadonlyArray<string>
  /** Whether each request is logged. */
  readonly logsRequests: boolean
}

export const usage = `Usage: drawbar-server [flags]

  --host HOST          where to listen, loopback only        DRAWBAR_HOST        127.0.0.1
  --port PORT          0 for any that is free                DRAWBAR_PORT        9200
  --data FOLDER        the database; :memory: for none       DRAWBAR_DATA        ./data
  --keyring FILE       the keys that seal credentials        DRAWBAR_KEYRING     <data>/keyring.json
  --settings FILE      cluster settings as JSON              DRAWBAR_SETTINGS
  --connect-to HOST:PORT:ADDRESS:PORT
                       connects HOST:PORT to ADDRESS:PORT,
                       which is trusted; repeatable          DRAWBAR_CONNECT_TO  (commas between)
  --ca-file FILE       further authorities, PEM; repeatable  DRAWBAR_CA_FILE     (commas between)
  --allow-host HOST:PORT
                       a further name by which this server
                       may be called; repeatable             DRAWBAR_ALLOW_HOST  (commas between)
  --log on|off         a line of JSON for each request,
                       on standard error                     DRAWBAR_LOG         on
  --help               this text
`

const one = { type: "string" } as const
const many = { type: "string", multiple: true } as const
const options = {
  host: one,
  port: one,
  data: one,
  keyring: one,
  settings: one,
  "connect-to": many,
  "ca-file": many,
  "allow-host": many,
  log: one,
  help: { type: "boolean" },
} as const

type Environment = Readonly<Record<string, string | undefined>>

/** Reads the arguments after the program's name; fails with a sentence that says which of them is wrong. */
export const read = (args: ReadonlyArray<string>, environment: Environment): Result.Result<Flags, string> =>
  Result.gen(function* () {
    const given = yield* Result.try({
      try: () => parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values,
      catch: (cause) => (cause instanceof Error ? cause.message : String(cause)),
    })
    const data = given.data ?? environment["DRAWBAR_DATA"] ?? "./data"
    return {
      help: given.help ?? false,
      host: yield* loopback(given.host ?? environment["DRAWBAR_HOST"] ?? "127.0.0.1"),
      port: yield* port(given.port ?? environment["DRAWBAR_PORT"] ?? "9200"),
      data,
      keyring: given.keyring ?? environment["DRAWBAR_KEYRING"] ?? join(data, "keyring.json"),
      settings: given.settings ?? environment["DRAWBAR_SETTINGS"],
      connectTo: Object.fromEntries(
        yield* Result.all((given["connect-to"] ?? list(environment["DRAWBAR_CONNECT_TO"])).map(redirection)),
      ),
      caFiles: given["ca-file"] ?? list(environment["DRAWBAR_CA_FILE"]),
      allowedHosts: given["allow-host"] ?? list(environment["DRAWBAR_ALLOW_HOST"]),
      logsRequests: yield* onOrOff(given.log ?? environment["DRAWBAR_LOG"] ?? "on"),
    }
  })

const list = (text: string | undefined): ReadonlyArray<string> =>
  (text ?? "").split(",").flatMap((part) => part.trim() || [])

// Whoever reaches the port spends the operator's keys: until there are users, nobody reaches it from outside.
const loopback = (host: string): Result.Result<string, string> =>
  host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host)
    ? Result.succeed(host)
    : Result.fail(
        `Drawbar does not listen on ${host}: it asks nobody for a password yet, and whoever reaches it spends your keys. ` +
          `Use --host 127.0.0.1, and a tunnel such as ssh -L for other machines.`,
      )

const port = (text: string): Result.Result<number, string> =>
  /^\d{1,5}$/.test(text) && Number(text) <= 65_535
    ? Result.succeed(Number(text))
    : Result.fail(`--port ${text} is not a number from 0 to 65535.`)

const onOrOff = (text: string): Result.Result<boolean, string> =>
  text === "on" || text === "off" ? Result.succeed(text === "on") : Result.fail(`--log ${text} is neither on nor off.`)

const redirection = (text: string): Result.Result<readonly [string, string], string> => {
  const [, from, to, address = ""] = /^((?:\[[^\]]+\]|[^:]+):\d{1,5}):((\[[^\]]+\]|[^:]+):\d{1,5})$/.exec(text) ?? []
  return from !== undefined && to !== undefined && isIP(address.replaceAll(/^\[|\]$/g, "")) > 0
    ? Result.succeed([from, to])
    : Result.fail(`--connect-to ${text} is not HOST:PORT:ADDRESS:PORT, such as api.cohere.ai:443:127.0.0.1:8443.`)
}
