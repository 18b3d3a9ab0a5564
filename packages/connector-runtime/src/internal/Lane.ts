/** One place of a pool: a client of one connection at a time, which tells the exchange where it travels. */
import { Client, type Dispatcher } from "undici"
import type { Destination } from "../Destination.ts"
import type { Connection } from "./Connection.ts"

export interface Lane {
  /** The connection opened last. */
  connection: Connection | undefined
  /** Whom it is opened for. */
  passenger: Passenger | undefined
}

export interface Passenger extends Dispatcher.DispatchHandler {
  readonly destination: Destination
  readonly board: (lane: Lane) => void
}

/** Opens a connection for a passenger. `done` is called once. */
export type Connect = (
  passenger: Passenger,
  done: (error: Error | null, connection: Connection | undefined) => void,
) => void

const isPassenger = (handler: Dispatcher.DispatchHandler): handler is Passenger => "board" in handler

export class LaneClient extends Client {
  readonly #lane: Lane

  constructor(origin: URL, options: Client.Options, connect: Connect) {
    const lane: Lane = { connection: undefined, passenger: undefined }
    super(origin, {
      ...options,
      connect: (_target, done) => {
        if (lane.passenger === undefined) return done(new Error("nobody to connect for"), null)
        connect(lane.passenger, (error, connection) => {
          lane.connection = connection
          if (connection === undefined) done(error ?? new Error("not connected"), null)
          else done(null, connection.socket)
        })
      },
    })
    this.#lane = lane
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    if (isPassenger(handler)) {
      this.#lane.passenger = handler
      handler.board(this.#lane)
    }
    return super.dispatch(options, handler)
  }
}
