/** One piece of a platform's stream, as its framing gives it. */
export interface RemoteEvent {
  /** The event's name, where the framing has one. */
  readonly name?: string
  readonly data: string
}

/** The bytes do not follow their framing; `problem` completes "the stream …". */
export class Unframed extends Error {}

/** Cuts a stream of bytes into events; throws `Unframed`. */
export type Framing = (bytes: AsyncIterable<Uint8Array>) => AsyncIterable<RemoteEvent>
