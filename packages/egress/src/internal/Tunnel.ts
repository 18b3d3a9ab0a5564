/** A tunnel through a proxy: https://www.rfc-editor.org/rfc/rfc9110#name-connect */
import { connect, isIPv6, type Socket } from "node:net"
import { Effect } from "effect"
import type { Destination } from "../Destination.ts"
import { EgressError, ProxyRefused } from "../EgressError.ts"
import type { Proxy } from "../Proxy.ts"

/** In bytes: the maximum size of the proxy's response head. */
const maxHeadBytes = 16_384

/** A socket whose other end is the destination. */
export const open = (proxy: Proxy, { origin, host, port }: Destination): Effect.Effect<Socket, EgressError> =>
  Effect.callback((resume) => {
    const socket = connect({ host: proxy.host, port: proxy.port, noDelay: true })
    const at = `${proxy.host}:${proxy.port}`
    const refuse = (why: string) => {
      socket.destroy()
      resume(Effect.fail(EgressError.from(new ProxyRefused({ origin, proxy: at, why }))))
    }
    const target = `${isIPv6(host) ? `[${host}]` : host}:${port}`
    const authorization = proxy.authorization === undefined ? "" : `Proxy-Authorization: ${proxy.authorization}\r\n`
    let head = ""
    const read = (piece: Buffer) => {
      head += piece.toString("latin1")
      const end = head.indexOf("\r\n\r\n")
      if (end === -1) return head.length > maxHeadBytes ? refuse("its response head is too large") : undefined
      const status = /^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1]
      if (status === undefined || !status.startsWith("2")) return refuse(`status ${status ?? "none"}`)
      // In TLS the server speaks second, so bytes that arrive with the head do not come from the destination.
      if (head.length > end + 4) return refuse("it sent data after its response")
      socket.off("data", read)
      socket.off("close", gone)
      resume(Effect.succeed(socket))
    }
    const gone = () => refuse("it closed the connection")
    socket.on("data", read)
    socket.once("close", gone)
    socket.on("error", (error: NodeJS.ErrnoException) => refuse(error.code ?? error.name))
    socket.once("connect", () => socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${authorization}\r\n`))
    return Effect.sync(() => socket.destroy())
  })
