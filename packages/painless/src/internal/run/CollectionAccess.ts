/** What a script may do to a collection: anything, set what is there (`Arrays.asList`), or only read. */
export type CollectionAccess = "free" | "fixed" | "read"
