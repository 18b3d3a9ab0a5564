import { defineConfig } from "rolldown"
import { thirdPartyNotices } from "../../scripts/notices.mjs"

/** One file that Node runs as it is; only what is built into Node stays outside. */
export default defineConfig({
  input: "src/main.ts",
  platform: "node",
  // A package without `exports` is taken as the module that it also is: its other form hides what it requires.
  resolve: {
    conditionNames: ["@drawbar/source", "node", "import", "module", "default"],
    mainFields: ["module", "main"],
  },
  plugins: [thirdPartyNotices()],
  output: { file: "dist/main.mjs", format: "esm", sourcemap: true, codeSplitting: false },
})
