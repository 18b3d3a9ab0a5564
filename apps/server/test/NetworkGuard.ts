/**
 * Loaded before a program (`node --import`), it allows only the egress guard to use the network. Any other use throws,
 * and is reported on standard error, because its caller may treat the exception as a response.
 */
import dgram from "node:dgram"
import http from "node:http"
import http2 from "node:http2"
import https from "node:https"
import { syncBuiltinESMExports } from "node:module"
import net from "node:net"
import process from "node:process"
import tls from "node:tls"

const isDoor = /egress.src.internal.(Connection|Tunnel)\.ts/

const guard = (holder: object, ...names: ReadonlyArray<string>) => {
  for (const name of names) {
    const own = Reflect.get(holder, name)
    if (typeof own !== "function") throw new Error(`${name} to guard does not exist`)
    const guarded = function (this: unknown, ...args: ReadonlyArray<unknown>) {
      const { stackTraceLimit } = Error
      Error.stackTraceLimit = Infinity
      const { stack = "" } = new Error(`${name} is not the door`)
      Error.stackTraceLimit = stackTraceLimit
      if (!isDoor.test(stack)) {
        process.stderr.write(`NOT BY THE DOOR: ${stack}\n`)
        throw new Error(`${name} is not the door`)
      }
      return new.target === undefined ? Reflect.apply(own, this, args) : Reflect.construct(own, args, new.target)
    }
    guarded.prototype = own.prototype
    Reflect.set(holder, name, guarded)
  }
}

guard(net, "connect", "createConnection")
// Every path to TCP in Node ends here, including those inside Node.
guard(net.Socket.prototype, "connect")
guard(tls, "connect")
guard(http, "request", "get")
guard(https, "request", "get")
guard(http2, "connect")
guard(dgram, "createSocket", "Socket")
guard(globalThis, "fetch", "WebSocket")
syncBuiltinESMExports()
