/**
 * Lets undici's parser accept unsolicited interim responses with status 100. It closes the connection on them, but
 * accepts 102 and 103. The status of such a response is rewritten as 102 before the parser reads it. Source:
 * https://www.rfc-editor.org/rfc/rfc9110#section-15.2 (a client has to parse and may ignore interim responses)
 */
import type { Socket } from "node:net"

export interface InterimHeads {
  /** The next bytes are the head of a response. */
  readonly expect: () => void
}

const statusLine = Buffer.from("HTTP/1.1 100")
/** The positions in it of the last digits of the version and of the status. */
const version = 7
const hundreds = 9
const [zero = 0, one = 0, two = 0] = Buffer.from("012")

const blankLine = Buffer.from("\r\n\r\n")

/** Inspects the bytes read from a socket, beginning with the first response head. */
export const watch = (socket: Socket): InterimHeads => {
  /** How much of the status line has matched; all of it while the rest of an interim head is skipped. */
  let matched = 0
  /** How much of the blank line after the head has matched. */
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
        // Other interim statuses, such as 103, are left unchanged.
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
