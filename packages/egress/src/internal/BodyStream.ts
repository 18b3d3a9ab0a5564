/** The bytes of an answer on their way to one reader, who says how fast. */
import type { EgressError } from "../EgressError.ts"

/** What brings the bytes, and can be told to wait. */
export interface FlowControl {
  readonly pause: () => void
  readonly resume: () => void
  readonly cancel: () => void
}

/** In bytes: so much may wait for a slow reader, and the platform for the rest. */
const maxBufferedBytes = 256 * 1024

/** In ms: how long what follows the last event may take, so that the connection can be used again. */
const drainTimeoutMs = 500

export class BodyStream implements AsyncIterable<Uint8Array> {
  #waiting: Array<Uint8Array> = []
  #size = 0
  #ended = false
  #error: EgressError | undefined
  #tap: FlowControl | undefined
  #reader: PromiseWithResolvers<IteratorResult<Uint8Array>> | undefined
  #last: NodeJS.Timeout | undefined
  #discarding = false

  open(tap: FlowControl): void {
    this.#tap = tap
  }

  push(chunk: Uint8Array): void {
    if (this.#discarding) return
    if (this.#reader !== undefined) return this.#answer({ done: false, value: chunk })
    this.#waiting.push(chunk)
    this.#size += chunk.length
    if (this.#size > maxBufferedBytes) this.#tap?.pause()
  }

  end(error?: EgressError): void {
    clearTimeout(this.#last)
    this.#ended = true
    this.#error = error
    const reader = this.#reader
    if (reader === undefined) return
    this.#reader = undefined
    if (error === undefined) reader.resolve({ done: true, value: undefined })
    else reader.reject(error)
  }

  /** Closes the connection, unless the reader has had all that he wanted. */
  cancel(): void {
    if (!this.#ended && !this.#discarding) this.#tap?.cancel()
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return {
      next: () => this.#next(),
      return: () => {
        this.#discard()
        return Promise.resolve({ done: true, value: undefined })
      },
    }
  }

  #next(): Promise<IteratorResult<Uint8Array>> {
    const chunk = this.#waiting.shift()
    if (chunk !== undefined) {
      this.#size -= chunk.length
      if (this.#size <= maxBufferedBytes / 2) this.#tap?.resume()
      return Promise.resolve({ done: false, value: chunk })
    }
    if (this.#error !== undefined) return Promise.reject(this.#error)
    if (this.#ended) return Promise.resolve({ done: true, value: undefined })
    this.#reader = Promise.withResolvers()
    return this.#reader.promise
  }

  #answer(result: IteratorResult<Uint8Array>): void {
    const reader = this.#reader
    this.#reader = undefined
    reader?.resolve(result)
  }

  #discard(): void {
    if (this.#ended) return
    this.#discarding = true
    this.#waiting = []
    this.#tap?.resume()
    this.#last = setTimeout(() => this.#tap?.cancel(), drainTimeoutMs)
  }
}
