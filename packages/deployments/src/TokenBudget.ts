/** How many tokens each may still spend today. A day ends at midnight, UTC; a restart of the server begins it anew. */

const day = 86_400_000

export interface TokenBudget {
  /** In how many milliseconds somebody may ask again who has spent his tokens; nothing where he has not. */
  readonly exhausted: (key: string, limit: number, now: number) => number | undefined
  readonly spend: (key: string, tokens: number, now: number) => void
}

export const make = (): TokenBudget => {
  let today = 0
  const spent = new Map<string, number>()
  const turn = (now: number) => {
    const current = Math.floor(now / day)
    // A clock that is set back over midnight by a little gives no second budget; one that was a year ahead does not hold up a year.
    if (current === today || current === today - 1) return
    today = current
    spent.clear()
  }
  return {
    // What an answer will cost is known when it has come: the one that goes over the limit is the last.
    exhausted: (key, limit, now) => {
      turn(now)
      return (spent.get(key) ?? 0) < limit ? undefined : Math.min(day, (today + 1) * day - now)
    },
    spend: (key, tokens, now) => {
      turn(now)
      spent.set(key, (spent.get(key) ?? 0) + tokens)
    },
  }
}
