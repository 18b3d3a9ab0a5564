/**
 * Chooses targets in turn, so that each gets its share exactly: of any `n` choices in a row, a target of weight `w` of
 * `total` gets `n × w / total`, give or take one. Smooth weighted round robin.
 * Source: https://github.com/nginx/nginx/commit/52327e0627f49dbda1e8db695e63a4b0af4448b1
 */
import type { Target } from "./Alias.ts"

export const make = (targets: readonly [Target, ...ReadonlyArray<Target>]): (() => Target) => {
  const [only, ...others] = targets
  if (others.length === 0) return () => only
  const total = targets.reduce((sum, { weight }) => sum + weight, 0)
  const shares = targets.map((target) => ({ target, credit: 0 }))
  return () => {
    for (const share of shares) share.credit += share.target.weight
    const next = shares.reduce((most, share) => (share.credit > most.credit ? share : most))
    next.credit -= total
    return next.target
  }
}
