/**
 * The tables of shared limits, and the function that takes from all limits of a call in one round trip, or from none.
 * A function is never changed once it is released: a later version has another name.
 */
import { SqlClient } from "effect/sql"
import { Effect } from "effect"

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
  `CREATE TABLE IF NOT EXISTS login_failures (
    print TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    times INTEGER NOT NULL,
    at DOUBLE PRECISION NOT NULL
  )`,
  /*
   * Claims: k key, d day, n needed, x more that would be leased, i interval, b burst, m tokens a day, h whether a rest is held.
   * Returned: k, d, s tokens spent, t tokens or calls not taken any more, i interval.
   * Of what is left, an eighth at most is leased ahead, so that little is held back near the limit.
   */
  `CREATE OR REPLACE FUNCTION drawbar_lease_1(moment DOUBLE PRECISION, claims JSONB, returned JSONB) RETURNS JSONB
  LANGUAGE plpgsql AS $$
  DECLARE
    c JSONB; r limits%ROWTYPE; grants JSONB := '[]'; i INTEGER := 0;
    needed DOUBLE PRECISION; remaining DOUBLE PRECISION; granted DOUBLE PRECISION; wait DOUBLE PRECISION;
  BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    INSERT INTO limits (key, day)
      SELECT DISTINCT e->>'k', (e->>'d')::BIGINT FROM jsonb_array_elements(claims || returned) e ORDER BY 1, 2
      ON CONFLICT DO NOTHING;
    PERFORM 1 FROM limits l
      WHERE (l.key, l.day) IN (SELECT e->>'k', (e->>'d')::BIGINT FROM jsonb_array_elements(claims || returned) e)
      ORDER BY l.key, l.day FOR UPDATE;
    FOR c IN SELECT * FROM jsonb_array_elements(returned) LOOP
      UPDATE limits SET
        spent = spent + (c->>'s')::DOUBLE PRECISION,
        taken = taken - (c->>'t')::DOUBLE PRECISION,
        next = next - (c->>'t')::DOUBLE PRECISION * (c->>'i')::DOUBLE PRECISION,
        used_at = moment
        WHERE key = c->>'k' AND day = (c->>'d')::BIGINT;
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
