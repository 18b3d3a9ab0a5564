import { defineConfig } from "rolldown"

/** One file that Node runs as it is; only what is built into Node stays outside. */
export default defineConfig({
  input: "src/main.ts",
  platform: "node",
  resolve: { conditionNames: ["@drawbar/source", "node", "import", "module", "default"] },
  output: { file: "dist/main.mjs", format: "esm", sourcemap: true, codeSplitting: false },
})
