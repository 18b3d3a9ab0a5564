/** The bytes that one call holds in memory, so that the process can refuse more work before it runs out. */
export interface MemoryReservation {
  /** Holds that many bytes more until the call ends; false, and holds nothing, where all calls together would hold too many. */
  readonly tryHold: (bytes: number) => boolean
}
