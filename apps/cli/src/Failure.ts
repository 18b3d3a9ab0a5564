/** Why a command exits with a code other than 0, in one sentence. */
import type { ErrorEnvelope } from "@drawbar/http-api/errors/ErrorEnvelope"
import process from "node:process"
import { Data } from "effect"

/** The command line, or a file that it names, is invalid. */
export class WrongUse extends Data.TaggedError("WrongUse")<{ readonly message: string }> {}

/** The server rejected the request, or the awaited work failed. */
export class Failed extends Data.TaggedError("Failed")<{ readonly message: string }> {}

export const wrongUse = (message: string) => new WrongUse({ message })
export const failed = (message: string) => new Failed({ message })

export const exitCodeOf = (error: unknown): number => (error instanceof WrongUse ? 2 : 1)

/** The sentence for any error that a client call can fail with. */
export const sentenceOf = (error: unknown): string => {
  if (isEnvelope(error)) return refusal(error)
  return error instanceof Error ? error.message : String(error)
}

const isEnvelope = (error: unknown): error is ErrorEnvelope =>
  typeof error === "object" && error !== null && !(error instanceof Error) && "error" in error

const refusal = ({ error, status }: ErrorEnvelope): string => {
  const reason = typeof error === "string" ? error : error.reason
  const isOwn = typeof error === "string" || error.remote === undefined
  return status === undefined ? reason : `${reason} (status ${status})${isOwn ? advice(reason, status) : ""}`
}

/** What the command can say beyond the server's own sentence. */
const advice = (reason: string, status: number): string => {
  if (status === 401)
    return process.env["DRAWBAR_API_KEY"]
      ? ". DRAWBAR_API_KEY has a key that this server does not accept: set it to another"
      : ". DRAWBAR_API_KEY is not set: export DRAWBAR_API_KEY=KEY, the key that `drawbar key create` printed, or run `drawbar login`"
  const [, noun] = (status === 404 && /^Failed to find (connector|model group|model|task)\b/.exec(reason)) || []
  return noun === undefined || noun === "task"
    ? ""
    : `. \`drawbar ${noun === "model group" ? "group" : noun} list\` shows the ids`
}
