/** One place of a pool: it carries one exchange at a time, over one connection after the other. */
import { Client } from "undici"
import type { Connection } from "./Connection.ts"
import { type Carrier, type Exchange, maxHeaderBytes } from "./Exchange.ts"

/** Opens a connection for an exchange. `done` is called once. */
export type Connect = (
  exchange: Exchange,
  done: (error: Error | null, connection: Connection | undefined) => void,
) => void

export class Lane implements Carrier {
  readonly #client: Client
  #exchange: Exchange | undefined
  readonly release: () => void
  /** The connection opened last. */
  connection: Connection | undefined

  constructor(origin: string, connect: Connect, released: (lane: Lane) => void) {
    this.release = () => released(this)
    this.#client = new Client(origin, {
      allowH2: false,
      maxHeaderSize: maxHeaderBytes,
      connect: (_target, done) => {
        if (this.#exchange === undefined) return done(new Error("nobody to connect for"), null)
        connect(this.#exchange, (error, connection) => {
          this.connection = connection
          if (connection === undefined) done(error ?? new Error("not connected"), null)
          else done(null, connection.socket)
        })
      },
    })
  }

  get isOpen(): boolean {
    return this.connection?.socket.destroyed === false
  }

  carry(exchange: Exchange): void {
    this.#exchange = exchange
    exchange.board(this)
    this.#client.dispatch(exchange.options, exchange)
  }

  close(): Promise<void> {
    return this.#client.close()
  }
}
