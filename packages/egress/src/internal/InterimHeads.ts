/**
 * Lets undici's parser pass over heads of status 100 that came without being asked for: it closes a connection on them, while it
 * passes 102 and 103 on. The status of such a head is written as 102 before the parser sees it.
 * Source: https://www.rfc-editor.org/rfc/rfc9110#section-15.2 (a client has to parse and may ignore interim responses)
 */
import type { Socket } from "node:net"

export interface InterimHeads {
  /** The next bytes are the head of a response. */
  readonly expect: () => void
}

const statusLine = Buffer.from("HTTP/1.1 100")
/** Where the last digits of the version and of the status stand in it. */
const version = 7
const hundreds = 9
const [zero = 0, one = 0, two = 0] = Buffer.from("012")

const blankLine = Buffer.from("\r\n\r\n")

/** Watches what is read from a socket, from its first head on. */
export const watch = (socket: Socket): InterimHeads => {
  /** How much of the status line has come; all of it where the rest of an interim head is passed over. */
  let matched = 0
  /** How much of the blank line after it has come. */
  let ended = 0
  let isExpecting = true

  const pass = (chunk: Buffer): void => {
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i] ?? 0
      if (matched < statusLine.length) {
        const isFit = matched === version ? byte === zero || byte === one : byte === statusLine[matched]
        if (!isFit && matched <= hundreds) {
          isExpecting = false
          return
        }
        // Another interim status, such as 103, is passed over as it is.
        if (!isFit) matched = statusLine.length
        else if (++matched === statusLine.length) chunk[i] = two
        ended = 0
      } else {
        ended = byte === blankLine[ended] ? ended + 1 : byte === blankLine[0] ? 1 : 0
        if (ended === blankLine.length) matched = 0
      }
    }
  }

  const read = socket.read.bind(socket)
  socket.read = (size?: number) => {
    const chunk: unknown = read(size)
    if (isExpecting && Buffer.isBuffer(chunk)) pass(chunk)
    return chunk
  }
  return {
    expect: () => {
      matched = 0
      ended = 0
      isExpecting = true
    },
  }
}
