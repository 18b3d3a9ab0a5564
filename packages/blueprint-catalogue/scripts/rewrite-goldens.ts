/** Rewrites `request.json` and `prediction.json` of every folder from the current runtime. */
import { writeFileSync } from "node:fs"
import * as Catalogue from "../src/Catalogue.ts"
import * as Golden from "./Golden.ts"

for (const entry of Catalogue.entries)
  for (const [document, value] of Object.entries(Golden.of(entry)))
    writeFileSync(
      new URL(`../blueprints/${entry.name}/${document}.json`, import.meta.url),
      JSON.stringify(value, null, 2),
    )
