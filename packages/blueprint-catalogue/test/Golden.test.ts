import { expect, it } from "vitest"
import * as Golden from "../scripts/Golden.ts"
import * as Catalogue from "../src/Catalogue.ts"

// The renderer does not read application/x-amz-json-1.1 as JSON, so a quote in a caller's text breaks the body. These
// fail as soon as it does, and then belong to the rest.
const broken = (entry: Catalogue.Entry) => entry.name === "comprehend-sentiment"

const holds = (entry: Catalogue.Entry) => {
  const { request, prediction } = Golden.of(entry)
  expect(request).toEqual(entry.request)
  expect(prediction).toEqual(entry.prediction)
}

const name = "$name sends its request and answers its prediction"
it.each(Catalogue.entries.filter((entry) => !broken(entry)))(name, holds)
it.fails.each(Catalogue.entries.filter(broken))(name, holds)
