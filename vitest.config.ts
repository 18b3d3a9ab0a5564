import { fileURLToPath } from "node:url"

// A plain object: every package runs with it, and only packages depend on vitest.
export default {
  ssr: { resolve: { conditions: ["@drawbar/source", "node", "import", "default"] } },
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: [fileURLToPath(new URL("scripts/frozen-prototypes.mjs", import.meta.url))],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
}
