import { fileURLToPath } from "node:url"
import { defineConfig, type Plugin } from "rolldown"
import { thirdPartyNotices } from "../../scripts/notices.mjs"

/**
 * An `import` of `node:http` reads all that the module exports, also what loads Node's own undici, in 20 ms. The bundle
 * takes from the module what it uses; the bundler fails where a name is missing here.
 */
const httpExports: Readonly<Record<string, ReadonlyArray<string>>> = {
  "node:http": ["createServer", "STATUS_CODES"],
  "node:https": ["createServer"],
}

const httpByName: Plugin = {
  name: "http-by-name",
  resolveId: (id, _importer, { kind }) =>
    kind === "import-statement" && Object.hasOwn(httpExports, id) ? `\0${id}` : undefined,
  load: (id) => {
    const name = id.slice(1)
    return id.startsWith("\0") && Object.hasOwn(httpExports, name)
      ? `export const { ${httpExports[name]?.join(", ")} } = process.getBuiltinModule("${name}")`
      : undefined
  },
}

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
  plugins: [httpByName, thirdPartyNotices()],
  output: {
    dir: "dist",
    cleanDir: true,
    format: "esm",
    entryFileNames: "[name].mjs",
    chunkFileNames: "[name].mjs",
    // Node reads and hashes the text of each chunk at each start.
    comments: { legal: true, annotation: false, jsdoc: false },
    codeSplitting: {
      groups: [
        // One chunk for what nearly all commands load, in place of dozens.
        { name: "effect", test: /node_modules\/(?:@?effect)/, minShareCount: 12 },
        { name: "client", test: /\/(?:apps|packages)\//, minShareCount: 12 },
      ],
    },
  },
})
