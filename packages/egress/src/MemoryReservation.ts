/** The memory that one call holds, so that the process can reject more work before it runs out. */
export interface MemoryReservation {
  /** Holds that many bytes more until the call ends; false, and holds nothing, where all calls together would hold too many. */
  readonly tryHold: (bytes: number) => boolean
}
