/** The memory that one call holds, so that the process can reject more work before it runs out. */
export interface MemoryReservation {
  /** Reserves this many additional bytes until the call ends. */
  readonly hold: (bytes: number) => void
}
