/** What one claim has taken of a limit in memory: corrected when its call has ended, or given back. */
import type { Spent } from "./Limits.ts"

export interface Taken {
  readonly settle: (tokens: number, spent: Spent) => void
  readonly release: () => void
}
