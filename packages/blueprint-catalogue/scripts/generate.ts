/** Writes `src/catalogue.json` from the folders: one module travels in a bundle, a tree of files beside it does not. */
import { writeFileSync } from "node:fs"
import * as Folders from "./Folders.ts"

writeFileSync(new URL("../src/catalogue.json", import.meta.url), `${JSON.stringify(Folders.read())}\n`)
