/** The folder of a database. */
import { mkdir, stat } from "node:fs/promises"
import { dirname } from "node:path"

/**
 * Creates it with its parents, for this user alone; rejects as `mkdir` does. Node's own `recursive` never ends on a file
 * system where no folder can be created, such as /proc: the error there is that of a missing parent.
 */
export const make = async (path: string): Promise<void> => {
  try {
    await mkdir(path, { mode: 0o700 })
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined
    const parent = dirname(path)
    if (code === "EEXIST" && (await stat(path)).isDirectory()) return
    if (code !== "ENOENT") throw cause
    if (await exists(parent)) throw new Error("no folder can be created there", { cause })
    await make(parent)
    await mkdir(path, { mode: 0o700 })
  }
}

const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  )
