import { fileURLToPath } from "node:url"
import { defineConfig } from "rolldown"
import { thirdPartyNotices } from "../../scripts/notices.mjs"

/** Bundles the command and, in chunks that only `drawbar serve` loads, the server. Only Node's own modules are external. */
export default defineConfig({
  input: { main: "../cli/src/main.ts" },
  platform: "node",
  resolve: {
    conditionNames: ["@drawbar/source", "node", "import", "module", "default"],
    // Resolves a package without `exports` to its ES module. The bundler cannot see what its CommonJS form requires.
    mainFields: ["module", "main"],
    // Packages have `effect` as a peer, which the install for a start links to the command alone.
    modules: ["node_modules", fileURLToPath(new URL("../cli/node_modules", import.meta.url))],
  },
  onLog: (level, log, handle) => {
    if (log.code === "UNRESOLVED_IMPORT") throw new Error(log.message)
    handle(level, log)
  },
  plugins: [thirdPartyNotices()],
  output: { dir: "dist", cleanDir: true, format: "esm", entryFileNames: "[name].mjs", chunkFileNames: "[name].mjs" },
})
