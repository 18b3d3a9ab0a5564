import { defineConfig } from "rolldown"
import { thirdPartyNotices } from "../../scripts/notices.mjs"

/** Bundles the server into one file that Node runs directly; only Node's built-in modules are external. */
export default defineConfig({
  input: "src/main.ts",
  platform: "node",
  // Resolves a package without `exports` to its ES module. The bundler cannot see what its CommonJS form requires.
  resolve: {
    conditionNames: ["@drawbar/source", "node", "import", "module", "default"],
    mainFields: ["module", "main"],
  },
  plugins: [thirdPartyNotices()],
  output: { file: "dist/main.mjs", format: "esm", sourcemap: true, codeSplitting: false },
})
