/** The shapes that most embedding platforms take a list of texts in. */
import { json, text, type Value } from "@drawbar/template-renderer/Parameter"
import { Result } from "effect"
import { onlyFor, type PreProcessor, runtime } from "./PreProcessor.ts"

const needsTexts =
  "This pre_process_function can only support TextDocsInputDataSet which including a list of string with key 'text_docs'"

/** All documents of a call as one list under `name`. */
export const list = (name: string): PreProcessor => ({
  perCall: "all",
  run: onlyFor("TextDocs", needsTexts, ({ text_docs }) => runtime([[name, json(JSON.stringify(text_docs))]])),
})

/** One document a call, under `name`; `absent` says what to tell a caller whose document is null. */
export const single = (name: string, absent: string): PreProcessor => ({
  perCall: 1,
  run: onlyFor("TextDocs", needsTexts, ({ text_docs: [first] }) =>
    first == null ? Result.fail(absent) : runtime([[name, text(first)]]),
  ),
})

/** One call's documents, turned into parameters by `read`. */
export const each = (
  perCall: number,
  read: (docs: ReadonlyArray<string | null>) => Result.Result<ReadonlyArray<readonly [string, Value]>, string>,
): PreProcessor => ({
  perCall,
  run: onlyFor("TextDocs", needsTexts, ({ text_docs }) => Result.flatMap(read(text_docs), runtime)),
})
