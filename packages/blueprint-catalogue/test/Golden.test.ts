import { expect, it } from "vitest"
import * as Golden from "../scripts/Golden.ts"
import * as Catalogue from "../src/Catalogue.ts"

const holds = (entry: Catalogue.Entry) => {
  const { request, prediction } = Golden.of(entry)
  expect(request).toEqual(entry.request)
  expect(prediction).toEqual(entry.prediction)
}

it.each(Catalogue.entries)("$name sends the expected request and returns the expected prediction", holds)
