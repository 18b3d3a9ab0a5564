/** One piece of a platform's stream, as its framing gives it. */
export interface UpstreamEvent {
  /** The event's name, where the framing has one. */
  readonly name?: string
  readonly data: string
}

/** The bytes do not follow their framing; `problem` completes "the stream …". */
export class Unframed extends Error {}

/** Cuts one stream of bytes into events; what it gives may throw `Unframed`, after the events that stand before the fault. */
export interface Framing {
  readonly feed: (bytes: Uint8Array) => Iterable<UpstreamEvent>
  /** No more bytes come. */
  readonly end: () => Iterable<UpstreamEvent>
}
