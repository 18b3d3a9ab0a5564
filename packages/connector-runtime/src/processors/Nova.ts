/** Amazon Nova's multimodal embeddings: https://docs.aws.amazon.com/nova/latest/userguide/embeddings-schema.html */
import * as Reserved from "@drawbar/blueprint-schema/ReservedParameters"
import * as Json from "@drawbar/json-text/Json"
import type { Author } from "@drawbar/template-renderer/Parameter"
import { Option, Result } from "effect"

/** How bodies are rewritten before they are sent; nothing for another model. Known when a connector is compiled. */
export const bodyRewrite = (author: Author): ((body: string) => string) | undefined =>
  Object.hasOwn(author, Reserved.model) && author[Reserved.model] === "amazon.nova-2-multimodal-embeddings-v1:0"
    ? withoutEmptyMedia
    : undefined

const media = new Set(["text", "image", "video", "audio"])

/** A body names every medium, one of which is filled; the platform refuses the others, so they are taken out. */
const withoutEmptyMedia = (body: string): string => {
  const document = Option.getOrUndefined(Result.getSuccess(Json.parse(body)))
  const params = Json.isObject(document) ? document["singleEmbeddingParams"] : undefined
  if (!Json.isObject(document) || !Json.isObject(params)) return body
  const kept = Object.fromEntries(Object.entries(params).filter(([name, value]) => !media.has(name) || isFilled(value)))
  return Json.stringify({ ...document, singleEmbeddingParams: kept })
}

const isFilled = (medium: Json.Json): boolean => {
  if (!Json.isObject(medium)) return medium !== null
  const source = medium["source"]
  if (Json.isObject(source) && "bytes" in source) return source["bytes"] !== null
  return !("value" in medium) || medium["value"] !== null
}
