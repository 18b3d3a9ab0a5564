import type { Plugin } from "rolldown"

/** Writes the licences of the packages in a bundle beside it. */
export const thirdPartyNotices: () => Plugin
