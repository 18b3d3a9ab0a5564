-- The schema of the previous release on PostgreSQL, as its migrations leave it. Replace it when the next one is released.
CREATE TABLE drawbar_migrations (
  migration_id INTEGER PRIMARY KEY,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT NOW(),
  name TEXT NOT NULL
);
CREATE TABLE sequences (collection TEXT COLLATE "C" NOT NULL PRIMARY KEY, last_seq_no BIGINT NOT NULL);
CREATE TABLE documents (
  collection TEXT COLLATE "C" NOT NULL,
  id TEXT COLLATE "C" NOT NULL,
  version BIGINT NOT NULL,
  seq_no BIGINT NOT NULL,
  source TEXT COLLATE "C" NOT NULL,
  sealed TEXT COLLATE "C" NOT NULL,
  creation BIGINT GENERATED ALWAYS AS IDENTITY,
  PRIMARY KEY (collection, id)
);
CREATE TABLE document_fields (
  collection TEXT COLLATE "C" NOT NULL,
  id TEXT COLLATE "C" NOT NULL,
  field TEXT COLLATE "C" NOT NULL,
  text TEXT COLLATE "C",
  number DOUBLE PRECISION,
  FOREIGN KEY (collection, id) REFERENCES documents (collection, id) ON DELETE CASCADE
);
CREATE INDEX document_fields_by_text ON document_fields (collection, field, text, id);
CREATE INDEX document_fields_by_number ON document_fields (collection, field, number, id);
CREATE INDEX document_fields_by_id ON document_fields (collection, id, field, text, number);
CREATE TABLE document_words (
  collection TEXT COLLATE "C" NOT NULL,
  id TEXT COLLATE "C" NOT NULL,
  field TEXT COLLATE "C" NOT NULL,
  word TEXT COLLATE "C" NOT NULL,
  position INTEGER NOT NULL,
  FOREIGN KEY (collection, id) REFERENCES documents (collection, id) ON DELETE CASCADE
);
CREATE INDEX document_words_by_word ON document_words (collection, word, field, id, position);
CREATE INDEX document_words_by_id ON document_words (collection, id);
CREATE TABLE document_changes (
  collection TEXT COLLATE "C" NOT NULL,
  id TEXT COLLATE "C" NOT NULL,
  seq BIGINT NOT NULL,
  writer TEXT COLLATE "C" NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (collection, id)
);
CREATE INDEX document_changes_by_seq ON document_changes (seq);
CREATE TABLE replicas (id TEXT COLLATE "C" NOT NULL PRIMARY KEY, about TEXT COLLATE "C" NOT NULL, seen_at BIGINT NOT NULL);
INSERT INTO drawbar_migrations (migration_id, name) VALUES (1, 'documents'), (2, 'document_changes'), (3, 'replicas');
