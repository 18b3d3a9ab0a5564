/**
 * Stores records; the interface in front of a database.
 *
 * A write is acknowledged after it is durable. One contract suite covers every layer.
 */
import { Context, type Effect, type Option, type Stream } from "effect"
import type { Collection, Document, RecordChange, Write } from "./Document.ts"
import type { StoreError } from "./StoreError.ts"
import type { SearchRequest, SearchResult } from "./search/Search.ts"

/** Changes up to a position. */
export interface Changes {
  readonly position: number
  readonly changes: ReadonlyArray<RecordChange>
}

/** The changes of other processes, in the order of their commits. */
export interface FollowedChanges {
  /** The position of the last commit. */
  readonly position: Effect.Effect<number, StoreError>
  /** What was committed after a position; each record once. */
  readonly since: (position: number) => Effect.Effect<Changes, StoreError>
  /** Returns when another process may have committed, and after the poll interval in any case. */
  readonly next: Effect.Effect<void>
  readonly replicas: Replicas
}

/** A process that shares the database. */
export interface Replica {
  readonly id: string
  /** What it says of itself. */
  readonly about: string
  /** By the database's clock, in ms since 1970. */
  readonly seenAt: number
}

export interface Replicas {
  /** Says that this process is alive; without it for 15 s, it counts as ended. */
  readonly beat: (self: Pick<Replica, "id" | "about">) => Effect.Effect<void, StoreError>
  readonly leave: (id: string) => Effect.Effect<void, StoreError>
  readonly all: Effect.Effect<ReadonlyArray<Replica>, StoreError>
}

export class DocumentStore extends Context.Service<
  DocumentStore,
  {
    readonly get: (collection: Collection, id: string) => Effect.Effect<Option.Option<Document>, StoreError>
    /**
     * Commits all of the writes or none, in order. Returns the resulting record of each; for a deletion, the removed
     * record.
     */
    readonly transact: (writes: ReadonlyArray<Write>) => Effect.Effect<ReadonlyArray<Document>, StoreError>
    /** Fails if the last write failed because of the database, and another one would fail too. */
    readonly writable: Effect.Effect<void, StoreError>
    /** The records that a query finds. The database evaluates the query; collections are not loaded into memory. */
    readonly search: (collection: Collection, request: SearchRequest) => Effect.Effect<SearchResult, StoreError>
    readonly count: (collection: Collection) => Effect.Effect<number, StoreError>
    /**
     * Every record of a collection in order of id, read in batches, with sealed parts: for key rotation and the check
     * at startup. A record that cannot be read is logged and left out.
     */
    readonly all: (collection: Collection) => Stream.Stream<Document, StoreError>
    /** What other processes write to the same database; absent if none can. */
    readonly followed?: FollowedChanges
  }
>()("@drawbar/document-store/DocumentStore") {}
