/** One slot of a pool: it carries one exchange at a time, over a sequence of connections. */
import { Client } from "undici"
import type { Connection } from "./Connection.ts"
import { type Carrier, type PendingRequest, maxHeaderBytes } from "./PendingRequest.ts"
import * as InterimHeads from "./InterimHeads.ts"

/** Opens a connection for an exchange. `done` is called once. */
export type Connect = (
  exchange: PendingRequest,
  done: (error: Error | null, connection: Connection | undefined) => void,
) => void

export class ConnectionSlot implements Carrier {
  readonly #client: Client
  #exchange: PendingRequest | undefined
  readonly release: () => void
  /** The connection opened last. */
  connection: Connection | undefined
  #heads: InterimHeads.InterimHeads | undefined

  constructor(origin: string, connect: Connect, released: (slot: ConnectionSlot) => void) {
    this.release = () => {
      this.#exchange = undefined
      released(this)
    }
    this.#client = new Client(origin, {
      allowH2: false,
      maxHeaderSize: maxHeaderBytes,
      connect: (_target, done) => {
        if (this.#exchange === undefined) return done(new Error("no request to connect for"), null)
        connect(this.#exchange, (error, connection) => {
          this.connection = connection
          if (connection === undefined) done(error ?? new Error("not connected"), null)
          else {
            this.#heads = InterimHeads.watch(connection.socket)
            done(null, connection.socket)
          }
        })
      },
    })
  }

  get isOpen(): boolean {
    return this.connection?.socket.destroyed === false
  }

  dispatch(exchange: PendingRequest): void {
    this.#exchange = exchange
    exchange.assign(this)
    this.#heads?.expect()
    this.#client.dispatch(exchange.options, exchange)
  }

  close(): Promise<void> {
    return this.#client.close()
  }
}
