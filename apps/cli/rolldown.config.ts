import { defineConfig } from "rolldown"
import { thirdPartyNotices } from "../../scripts/notices.mjs"

/** Builds the command. Code that only some commands load goes into separate chunks. */
export default defineConfig({
  input: { main: "src/main.ts" },
  platform: "node",
  // Resolves a package without `exports` to its ES module. The bundler cannot see what its CommonJS form requires.
  resolve: {
    conditionNames: ["@drawbar/source", "node", "import", "module", "default"],
    mainFields: ["module", "main"],
  },
  plugins: [thirdPartyNotices()],
  output: { dir: "dist", format: "esm", entryFileNames: "[name].mjs", chunkFileNames: "[name].mjs" },
})
