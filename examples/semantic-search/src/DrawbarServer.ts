/** A Drawbar server to talk to. */
import process from "node:process"

export interface DrawbarServer {
  readonly url: string
  readonly close: () => Promise<void>
}

/** One that runs already, and goes on running. */
export const at = (url: string): DrawbarServer => ({ url, close: async () => {} })

/** The address of a running server, where the environment names one. */
export const given: string | undefined = process.env["DRAWBAR_URL"]

/** The one that the environment names. Starting one here waits for `@drawbar/server`. */
export const start = async (): Promise<DrawbarServer> => {
  if (given === undefined)
    throw new Error("Start Drawbar, then name it: --drawbar URL, or DRAWBAR_URL in the environment.")
  return at(given)
}
