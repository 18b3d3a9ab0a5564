/** Writes `src/catalogue.json` from the folders, because a bundle includes a module but not a tree of files. */
import { writeFileSync } from "node:fs"
import * as Folders from "./Folders.ts"

writeFileSync(new URL("../src/catalogue.json", import.meta.url), `${JSON.stringify(Folders.read())}\n`)
