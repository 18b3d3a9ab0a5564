import { defineConfig } from "rolldown"
import { thirdPartyNotices } from "../../scripts/notices.mjs"

/** The command and, in chunks of their own, what only some commands load. */
export default defineConfig({
  input: { main: "src/main.ts" },
  platform: "node",
  // A package without `exports` is taken as the module that it also is: its other form hides what it requires.
  resolve: {
    conditionNames: ["@drawbar/source", "node", "import", "module", "default"],
    mainFields: ["module", "main"],
  },
  plugins: [thirdPartyNotices()],
  output: { dir: "dist", format: "esm", entryFileNames: "[name].mjs", chunkFileNames: "[name].mjs" },
})
