/** A TCP proxy before a server of loopback: a network that a test breaks, and restores. */
import { connect, createServer, type Socket } from "node:net"

export interface BrokenNetwork extends AsyncDisposable {
  readonly port: number
  /** Ends all connections, and refuses new ones. */
  readonly refuse: () => Promise<void>
  /** Connections stay, and new ones are accepted, but nothing passes: as if each packet were lost. */
  readonly swallow: () => void
  /** All passes again. What was swallowed arrives now, as a network sends again what was lost. */
  readonly restore: () => Promise<void>
}

export const start = async (to: number): Promise<BrokenNetwork> => {
  const sockets = new Set<Socket>()
  let held: Array<() => void> | undefined
  const pass = (deliver: () => void) => void (held === undefined ? deliver() : held.push(deliver))

  const couple = (from: Socket, other: Socket) => {
    sockets.add(from)
    from.on("data", (bytes) => pass(() => other.writable && other.write(bytes)))
    from.on("error", () => {})
    from.on("close", () => {
      sockets.delete(from)
      pass(() => other.destroy())
    })
  }
  const server = createServer((client) => {
    const upstream = connect({ port: to, host: "127.0.0.1" })
    couple(client, upstream)
    couple(upstream, client)
  })
  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => {
      server.once("error", reject)
      server.listen(port, "127.0.0.1", () => {
        server.off("error", reject)
        resolve()
      })
    })
  const close = () =>
    new Promise<void>((resolve) => {
      held = undefined
      server.close(() => resolve())
      for (const socket of sockets) socket.destroy()
    })

  await listen(0)
  const address = server.address()
  const port = typeof address === "object" && address !== null ? address.port : 0
  return {
    port,
    refuse: close,
    swallow: () => {
      held ??= []
    },
    restore: async () => {
      const late = held ?? []
      held = undefined
      for (const deliver of late) deliver()
      if (!server.listening) await listen(port)
    },
    [Symbol.asyncDispose]: close,
  }
}
