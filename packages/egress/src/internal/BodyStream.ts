/** A stream of response bytes for one reader, with backpressure. */
import type { EgressError } from "../EgressError.ts"

/** The source of the bytes, which can be paused. */
export interface FlowControl {
  readonly pause: () => void
  readonly resume: () => void
  readonly cancel: () => void
}

/** In bytes: the amount buffered for a slow reader before the upstream is paused. */
const maxBufferedBytes = 256 * 1024

/** In ms: how long the rest of the body may take after the reader stops, so that the connection can be reused. */
const drainTimeoutMs = 500

export class BodyStream implements AsyncIterable<Uint8Array> {
  #waiting: Array<Uint8Array> = []
  #size = 0
  #ended = false
  #error: EgressError | undefined
  #source: FlowControl | undefined
  #reader: PromiseWithResolvers<IteratorResult<Uint8Array>> | undefined
  #last: NodeJS.Timeout | undefined
  #discarding = false

  open(source: FlowControl): void {
    this.#source = source
  }

  push(chunk: Uint8Array): void {
    if (this.#discarding) return
    if (this.#reader !== undefined) return this.#deliver({ done: false, value: chunk })
    this.#waiting.push(chunk)
    this.#size += chunk.length
    if (this.#size > maxBufferedBytes) this.#source?.pause()
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

  /** Closes the connection, unless the reader has finished. */
  cancel(): void {
    if (!this.#ended && !this.#discarding) this.#source?.cancel()
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
      if (this.#size <= maxBufferedBytes / 2) this.#source?.resume()
      return Promise.resolve({ done: false, value: chunk })
    }
    if (this.#error !== undefined) return Promise.reject(this.#error)
    if (this.#ended) return Promise.resolve({ done: true, value: undefined })
    this.#reader = Promise.withResolvers()
    return this.#reader.promise
  }

  #deliver(result: IteratorResult<Uint8Array>): void {
    const reader = this.#reader
    this.#reader = undefined
    reader?.resolve(result)
  }

  #discard(): void {
    if (this.#ended) return
    this.#discarding = true
    this.#waiting = []
    this.#source?.resume()
    this.#last = setTimeout(() => this.#source?.cancel(), drainTimeoutMs)
  }
}
