/** The characters that names and descriptions may contain: letters, numbers, spaces and basic punctuation. */
const allowed = /^[\p{L}\p{N}\s.,!?():@\-_/'"]*$/u

export interface Field {
  /** The name of the field in messages, such as `Model connector name`. */
  readonly label: string
  readonly text: string | undefined
  readonly required?: boolean
}

/** One sentence for each field that is required but blank, or contains another character. */
export const problems = (fields: ReadonlyArray<Field>): ReadonlyArray<string> =>
  fields.flatMap(({ label, text, required }) => {
    if (text === undefined || text.trim() === "")
      return required ? [`${label} is required and cannot be null or blank`] : []
    return allowed.test(text)
      ? []
      : [`${label} can only contain letters, numbers, spaces, and basic punctuation (.,!?():@-_'/")`]
  })
