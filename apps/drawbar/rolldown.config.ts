import { defineConfig } from "rolldown"
import { thirdPartyNotices } from "../../scripts/notices.mjs"

/** Bundles the command and, in chunks that only `drawbar serve` loads, the server. Only Node's own modules are external. */
export default defineConfig({
  input: { main: "@drawbar/cli/main" },
  platform: "node",
  // Resolves a package without `exports` to its ES module. The bundler cannot see what its CommonJS form requires.
  resolve: {
    conditionNames: ["@drawbar/source", "node", "import", "module", "default"],
    mainFields: ["module", "main"],
  },
  plugins: [thirdPartyNotices()],
  output: { dir: "dist", cleanDir: true, format: "esm", entryFileNames: "[name].mjs", chunkFileNames: "[name].mjs" },
})
