/** What one claim has taken of a limit in memory: corrected when its call has ended, or given back. */
export interface Taken {
  readonly settle: (tokens: number) => void
  readonly release: () => void
}
