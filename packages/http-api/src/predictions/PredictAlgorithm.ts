/** Which algorithm a predict body is for, where its path does not say. */

/**
 * Read from the fields of the body: what only one algorithm takes names it, and everything else is `remote`. A body with parameters of
 * its own is `remote`, whatever stands beside them: those of a typed input are two, of sparse encoders.
 */
export const ofBody = (body: Readonly<Record<string, unknown>>): string => {
  if (!("query_text" in body || "text_docs" in body || "question" in body)) return "remote"
  const { parameters } = body
  if (typeof parameters === "object" && parameters !== null && !Object.keys(parameters).every(isOfTypedInput))
    return "remote"
  if ("query_text" in body) return "text_similarity"
  if ("text_docs" in body) return "text_embedding"
  return "question" in body ? "question_answering" : "remote"
}

const isOfTypedInput = (name: string) => name === "content_type" || name === "sparse_embedding_format"
