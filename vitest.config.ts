// A plain object: every package runs with it, and only packages depend on vitest.
export default {
  ssr: { resolve: { conditions: ["@drawbar/source", "node", "import", "default"] } },
  test: { include: ["test/**/*.test.ts"], testTimeout: 30_000, hookTimeout: 30_000 },
}
