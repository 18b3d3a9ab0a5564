/** Which algorithm a predict body is for, where its path does not say. */

/** Told from the fields of the body: what only one algorithm takes names it, and everything else is `remote`. */
export const ofBody = (body: Readonly<Record<string, unknown>>): string => {
  if ("query_text" in body) return "text_similarity"
  if ("text_docs" in body) return "text_embedding"
  return "question" in body ? "question_answering" : "remote"
}
