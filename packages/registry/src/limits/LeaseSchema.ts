/**
 * The tables of shared limits, and the function that takes from all limits of a call in one round trip, or from none.
 * A function is never changed once it is released: a later version has another name, and the earlier one stays where it is.
 */
import { SqlClient } from "effect/sql"
import { Effect } from "effect"

/** The database's clock, in ms since 1970: the same for all processes. */
export const databaseMillis = "(EXTRACT(EPOCH FROM clock_timestamp()) * 1000)"

const statements = [
  // `day` is -1 for a rate limit. `next` is the time at which the next call would come if each kept its time, in ms.
  `CREATE TABLE IF NOT EXISTS limits (
    key TEXT COLLATE "C" NOT NULL,
    day BIGINT NOT NULL,
    next DOUBLE PRECISION NOT NULL DEFAULT 0,
    taken DOUBLE PRECISION NOT NULL DEFAULT 0,
    spent DOUBLE PRECISION NOT NULL DEFAULT 0,
    used_at DOUBLE PRECISION NOT NULL DEFAULT 0,
    PRIMARY KEY (key, day)
  )`,
  // The processes that lease, each until a time in ms by the database's clock.
  `CREATE TABLE IF NOT EXISTS limit_holders (
    holder TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    until DOUBLE PRECISION NOT NULL
  )`,
  // What a process has taken of a quota or a budget and has not spent. It is free again when its holder is gone.
  `CREATE TABLE IF NOT EXISTS limit_leases (
    key TEXT COLLATE "C" NOT NULL,
    day BIGINT NOT NULL,
    holder TEXT COLLATE "C" NOT NULL,
    held DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (key, day, holder)
  )`,
  `CREATE TABLE IF NOT EXISTS login_failures (
    print TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    times INTEGER NOT NULL,
    at DOUBLE PRECISION NOT NULL
  )`,
  /*
   * Claims: k key, d day, n needed, x more that would be leased, i interval, b burst, m tokens a day, h whether a rest is held.
   * Returned: k, d, s tokens spent, t tokens or calls not taken any more, i interval.
   * Of what is left, an eighth at most is leased ahead, so that little is held back near the limit.
   * A holder whose time is over gets nothing and learns that. Locks are taken in one order: the holder, then limits by key.
   */
  `CREATE OR REPLACE FUNCTION drawbar_lease_2(moment DOUBLE PRECISION, of TEXT, claims JSONB, returned JSONB) RETURNS JSONB
  LANGUAGE plpgsql AS $$
  DECLARE
    c JSONB; r limits%ROWTYPE; grants JSONB := '[]'; i INTEGER := 0;
    needed DOUBLE PRECISION; remaining DOUBLE PRECISION; granted DOUBLE PRECISION; wait DOUBLE PRECISION;
  BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    PERFORM 1 FROM limit_holders WHERE holder = of AND until > ${databaseMillis} FOR KEY SHARE;
    IF NOT FOUND THEN RETURN jsonb_build_object('ended', true); END IF;
    INSERT INTO limits (key, day)
      SELECT DISTINCT e->>'k', (e->>'d')::BIGINT FROM jsonb_array_elements(claims || returned) e ORDER BY 1, 2
      ON CONFLICT DO NOTHING;
    PERFORM 1 FROM limits l
      WHERE (l.key, l.day) IN (SELECT e->>'k', (e->>'d')::BIGINT FROM jsonb_array_elements(claims || returned) e)
      ORDER BY l.key, l.day FOR UPDATE;
    WITH free AS (
      DELETE FROM limit_leases l
        WHERE (l.key, l.day) IN (SELECT e->>'k', (e->>'d')::BIGINT FROM jsonb_array_elements(claims || returned) e)
          AND NOT EXISTS (SELECT FROM limit_holders h WHERE h.holder = l.holder)
        RETURNING l.key, l.day, l.held
    ), sums AS (SELECT free.key, free.day, sum(free.held) AS held FROM free GROUP BY 1, 2)
    UPDATE limits l SET taken = l.taken - sums.held FROM sums WHERE l.key = sums.key AND l.day = sums.day;
    FOR c IN SELECT * FROM jsonb_array_elements(returned) LOOP
      UPDATE limits SET
        spent = spent + (c->>'s')::DOUBLE PRECISION,
        taken = taken - (c->>'t')::DOUBLE PRECISION,
        next = next - (c->>'t')::DOUBLE PRECISION * (c->>'i')::DOUBLE PRECISION,
        used_at = moment
        WHERE key = c->>'k' AND day = (c->>'d')::BIGINT;
      INSERT INTO limit_leases AS l (key, day, holder, held)
        SELECT c->>'k', (c->>'d')::BIGINT, of, -(c->>'s')::DOUBLE PRECISION - (c->>'t')::DOUBLE PRECISION
        WHERE (c->>'d')::BIGINT <> -1
        ON CONFLICT (key, day, holder) DO UPDATE SET held = l.held + excluded.held;
      DELETE FROM limit_leases l
        WHERE l.key = c->>'k' AND l.day = (c->>'d')::BIGINT AND l.holder = of AND l.held = 0;
    END LOOP;
    FOR c IN SELECT * FROM jsonb_array_elements(claims) LOOP
      SELECT * INTO r FROM limits WHERE key = c->>'k' AND day = (c->>'d')::BIGINT;
      needed := (c->>'n')::DOUBLE PRECISION;
      IF r.day = -1 THEN
        wait := r.next - ((c->>'b')::DOUBLE PRECISION - needed) * (c->>'i')::DOUBLE PRECISION - moment;
        IF needed > 0 AND wait > 0 THEN RETURN jsonb_build_object('refused', i, 'wait', wait); END IF;
        remaining := (c->>'b')::DOUBLE PRECISION - needed - GREATEST(r.next - moment, 0) / (c->>'i')::DOUBLE PRECISION;
        granted := needed;
      ELSE
        remaining := (c->>'m')::DOUBLE PRECISION - r.taken;
        IF needed > 0 AND remaining <= 0 AND NOT (c->>'h')::BOOLEAN THEN
          RETURN jsonb_build_object('refused', i, 'spent', r.spent >= (c->>'m')::DOUBLE PRECISION);
        END IF;
        granted := GREATEST(0, LEAST(remaining, needed));
        remaining := remaining - granted;
      END IF;
      granted := granted + GREATEST(0, LEAST((c->>'x')::DOUBLE PRECISION, FLOOR(remaining / 8)));
      grants := grants || to_jsonb(granted);
      i := i + 1;
    END LOOP;
    i := 0;
    FOR c IN SELECT * FROM jsonb_array_elements(claims) LOOP
      granted := (grants->>i)::DOUBLE PRECISION;
      IF (c->>'d')::BIGINT = -1 THEN
        UPDATE limits SET next = GREATEST(next, moment) + granted * (c->>'i')::DOUBLE PRECISION, used_at = moment
          WHERE key = c->>'k' AND day = -1;
      ELSE
        UPDATE limits SET taken = taken + granted, used_at = moment WHERE key = c->>'k' AND day = (c->>'d')::BIGINT;
        IF granted > 0 THEN
          INSERT INTO limit_leases AS l (key, day, holder, held) VALUES (c->>'k', (c->>'d')::BIGINT, of, granted)
            ON CONFLICT (key, day, holder) DO UPDATE SET held = l.held + excluded.held;
        END IF;
      END IF;
      i := i + 1;
    END LOOP;
    RETURN jsonb_build_object('grants', grants);
  END $$`,
]

/** Of several processes that start at once, one makes them. */
export const migrate = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  Effect.andThen(
    sql`SELECT pg_advisory_xact_lock(7161042002)`,
    Effect.forEach(statements, (statement) => sql.unsafe(statement), { discard: true }),
  ).pipe(sql.withTransaction),
)
