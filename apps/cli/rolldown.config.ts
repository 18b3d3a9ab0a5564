import { defineConfig } from "rolldown"

/** The command and, in chunks of their own, what only some commands load. */
export default defineConfig({
  input: { main: "src/main.ts" },
  platform: "node",
  resolve: { conditionNames: ["@drawbar/source", "node", "import", "module", "default"] },
  output: { dir: "dist", format: "esm", entryFileNames: "[name].mjs", chunkFileNames: "[name].mjs" },
})
