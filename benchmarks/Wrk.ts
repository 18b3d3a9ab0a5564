/**
 * The peak rate measured by a load generator in C, which leaves more of the machine to the subject. Source:
 * https://github.com/wg/wrk
 */
import { execFile, execFileSync } from "node:child_process"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import type * as Load from "./Load.ts"

export const isThere = (): boolean => {
  try {
    execFileSync("wrk", ["-v"], { stdio: "ignore" })
    return true
  } catch (cause) {
    // It exits with 1 after printing its version.
    return cause instanceof Error && "status" in cause && cause.status === 1
  }
}

/** Requests per second, all with status 200. */
export const peak = async (
  { origin, path, headers = {}, body }: Load.Target,
  connections: number,
  seconds: number,
): Promise<number> => {
  const folder = await mkdtemp(join(tmpdir(), "drawbar-wrk-"))
  try {
    const all = Object.entries({ "content-type": "application/json", ...headers })
    const script = [
      'wrk.method = "POST"',
      `wrk.body = [==[${body}]==]`,
      ...all.map(([name, value]) => `wrk.headers["${name}"] = "${value}"`),
    ]
    await writeFile(join(folder, "post.lua"), script.join("\n"))
    const flags = ["-t1", `-c${connections}`, `-d${seconds}s`, "-s", join(folder, "post.lua")]
    const { stdout } = await promisify(execFile)("wrk", [...flags, origin + path])
    if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`${origin}${path}: ${stdout}`)
    return Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1])
  } finally {
    await rm(folder, { recursive: true })
  }
}
