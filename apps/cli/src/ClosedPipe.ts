/** Output into a pipe whose reader has ended, as in `drawbar blueprint list | head -1`. */
import process from "node:process"

/** Ends the process quietly where its output has no reader any more; every other error of a stream is thrown. */
export const endQuietly = (): void => {
  for (const stream of [process.stdout, process.stderr])
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error
      process.exit(0)
    })
}
