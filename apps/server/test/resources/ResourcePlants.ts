/** Faults that are planted in a server (`--import`, DRAWBAR_PLANT names one): each is one that a fuzzer of resources has to catch. */
import { openSync } from "node:fs"
import { type IncomingMessage, Server, type ServerResponse } from "node:http"
import process from "node:process"

type Plant = (request: IncomingMessage, response: ServerResponse, count: number) => "answered" | undefined

const kept: Array<unknown> = []

const burn = (millis: number) => {
  const until = performance.now() + millis
  while (performance.now() < until);
}

const isLarge = ({ headers }: IncomingMessage) => Number(headers["content-length"]) > 20_000

const fail = (response: ServerResponse, thrown: unknown) => {
  response.writeHead(500, { "content-type": "application/json" }).end(JSON.stringify({ error: String(thrown) }))
  return "answered" as const
}

const deep = (depth: number): number => (depth === 0 ? 0 : 1 + deep(depth - 1))

/** In MB of texts, as a collection without a bound would hold. */
const textOf = (megabytes: number, n: number) =>
  `${n}${"x".repeat(megabytes * 1_000_000)}`.split("").toReversed().join("")

export const plants: Readonly<Record<string, Plant>> = {
  "an end of the process": (_request, _response, count) => (count === 30 ? process.exit(7) : undefined),
  "an exception that is not caught": (request) => {
    if (isLarge(request)) setImmediate(() => void JSON.parse("{"))
    return undefined
  },
  "a heap that runs over": (request) => {
    if (isLarge(request)) for (let n = 0; n < 40; n++) kept.push(textOf(2, n))
    return undefined
  },
  "a recursion over what callers send": (request, response) => {
    if (!isLarge(request)) return undefined
    try {
      deep(Number(request.headers["content-length"]) * 100)
    } catch (thrown) {
      return fail(response, thrown)
    }
    return undefined
  },
  "a text that is too long for the engine": (request, response) => {
    if (!isLarge(request)) return undefined
    try {
      "x".repeat(2 ** 29 + 24)
    } catch (thrown) {
      return fail(response, thrown)
    }
    return undefined
  },
  "a long step": (request) => {
    if (isLarge(request)) burn(600)
    return undefined
  },
  "many short steps that never yield": (request) => {
    const step = (left: number): Promise<void> | undefined => {
      burn(1)
      return left === 0 ? undefined : Promise.resolve(left - 1).then(step)
    }
    if (isLarge(request)) void step(500)
    return undefined
  },
  "a map by callers' texts": (request) => {
    kept.push(`${request.url}${"y".repeat(300_000)}`.split("").join(""))
    return undefined
  },
  "buffers that are kept": (_request, _response, count) => {
    kept.push(Buffer.alloc(400_000, count))
    return undefined
  },
  "timers that are left": () => {
    kept.push(setInterval(() => {}, 3_600_000))
    return undefined
  },
  "files that are left open": () => {
    openSync("/dev/null", "r")
    return undefined
  },
  "a request that is never answered": (_request, _response, count) => (count % 20 === 0 ? "answered" : undefined),
}

const plant = plants[process.env["DRAWBAR_PLANT"] ?? ""]
if (plant !== undefined) {
  const emit = Server.prototype.emit
  let count = 0
  Server.prototype.emit = function (this: Server, ...args: [string, ...Array<any>]) {
    const [event, request, response] = args
    // Health and the first requests, by which a test sets up its world, are let through.
    const isCounted = event === "request" && request.headers["x-fuzz"] !== undefined
    return isCounted && plant(request, response, ++count) === "answered"
      ? true
      : emit.apply(this, args as unknown as Parameters<typeof emit>)
  } as typeof emit
}
