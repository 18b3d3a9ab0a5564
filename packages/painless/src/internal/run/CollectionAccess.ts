/** The changes that a collection allows: any, replacing elements (`Arrays.asList`), or none. */
export type CollectionAccess = "free" | "fixed" | "read"
