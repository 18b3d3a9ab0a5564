/** The stages of a trial, in their order. */
export const stages = [
  "rendered",
  "authorised",
  "trusted",
  "resolved",
  "connected",
  "secured",
  "answered",
  "processed",
] as const
export type StageName = (typeof stages)[number]
