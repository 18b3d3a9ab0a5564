/**
 * Where records are kept: the seam behind which a database stands.
 *
 * A write is acknowledged after it is durable. One contract suite holds for every layer.
 */
import { Context, type Effect, type Option, type Stream } from "effect"
import type { Collection, Document, Write } from "./Document.ts"
import type { StoreError } from "./StoreError.ts"
import type { SearchRequest, SearchResult } from "./search/Search.ts"

export class DocumentStore extends Context.Service<
  DocumentStore,
  {
    readonly get: (collection: Collection, id: string) => Effect.Effect<Option.Option<Document>, StoreError>
    /** All of the writes or none, in order, in one commit; answers what each left behind (a deletion: what it removed). */
    readonly transact: (writes: ReadonlyArray<Write>) => Effect.Effect<ReadonlyArray<Document>, StoreError>
    /** Fails where the last write did for the database's sake, and another one would. */
    readonly writable: Effect.Effect<void, StoreError>
    /** The records that a query finds; answered by the database, never by reading a table. */
    readonly search: (collection: Collection, request: SearchRequest) => Effect.Effect<SearchResult, StoreError>
    readonly count: (collection: Collection) => Effect.Effect<number, StoreError>
    /**
     * Every record of a collection in the order of ids, read in batches, sealed parts with it: for rotation and the check at start.
     * One that cannot be read is named in the log and left out.
     */
    readonly all: (collection: Collection) => Stream.Stream<Document, StoreError>
  }
>()("@drawbar/document-store/DocumentStore") {}
