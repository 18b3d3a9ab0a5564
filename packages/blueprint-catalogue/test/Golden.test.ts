import { expect, it } from "vitest"
import * as Golden from "../scripts/Golden.ts"
import * as Catalogue from "../src/Catalogue.ts"

it.each(Catalogue.entries)("$name sends its request and answers its prediction", (entry) => {
  const { request, prediction } = Golden.of(entry)
  expect(request).toEqual(entry.request)
  expect(prediction).toEqual(entry.prediction)
})
