"""Schedules, allocations and the seat counters that a trigger keeps."""

from alembic import op

from backend.infra.postgres import run_script

revision = "0004"
down_revision = "0003"

SQL = r"""
CREATE TABLE schedules (
    provider_id           text PRIMARY KEY,
    mode                  text NOT NULL,
    is_open               boolean NOT NULL,
    buffer_before_minutes integer NOT NULL,
    buffer_after_minutes  integer NOT NULL,
    notice_minutes        integer NOT NULL,
    horizon_days          integer NOT NULL,
    units                 integer NOT NULL,
    version               integer NOT NULL,
    CONSTRAINT fk_schedules_provider_id FOREIGN KEY (provider_id) REFERENCES providers (id),
    CONSTRAINT ck_schedules_mode CHECK (mode IN ('calendar', 'toggle', 'inventory')),
    CONSTRAINT ck_schedules_buffer_before_minutes CHECK (buffer_before_minutes BETWEEN 0 AND 1440),
    CONSTRAINT ck_schedules_buffer_after_minutes CHECK (buffer_after_minutes BETWEEN 0 AND 1440),
    CONSTRAINT ck_schedules_notice_minutes CHECK (notice_minutes BETWEEN 0 AND 525600),
    CONSTRAINT ck_schedules_horizon_days CHECK (horizon_days BETWEEN 1 AND 730),
    CONSTRAINT ck_schedules_units CHECK (units BETWEEN 1 AND 10000),
    CONSTRAINT ck_schedules_version CHECK (version >= 1)
);

-- Minutes since local midnight; 1440 is the midnight at which the day ends.
CREATE TABLE opening_hours (
    provider_id text NOT NULL,
    weekday     smallint NOT NULL,
    opens       smallint NOT NULL,
    closes      smallint NOT NULL,
    PRIMARY KEY (provider_id, weekday, opens),
    CONSTRAINT fk_opening_hours_provider_id FOREIGN KEY (provider_id) REFERENCES schedules (provider_id),
    CONSTRAINT ck_opening_hours_weekday CHECK (weekday BETWEEN 0 AND 6),
    CONSTRAINT ck_opening_hours_period CHECK (0 <= opens AND opens < closes AND closes <= 1440),
    CONSTRAINT ex_opening_hours_overlap EXCLUDE USING gist
        (provider_id WITH =, weekday WITH =, int4range(opens, closes) WITH &&)
);

-- Wall-clock times of the provider's zone, hence without one.
CREATE TABLE schedule_exceptions (
    id          text PRIMARY KEY,
    provider_id text NOT NULL,
    kind        text NOT NULL,
    starts      timestamp NOT NULL,
    ends        timestamp NOT NULL,
    units       integer,
    CONSTRAINT fk_schedule_exceptions_provider_id FOREIGN KEY (provider_id) REFERENCES schedules (provider_id),
    CONSTRAINT ck_schedule_exceptions_id CHECK (id LIKE 'exc\_%'),
    CONSTRAINT ck_schedule_exceptions_kind CHECK (kind IN ('closed', 'open', 'units')),
    CONSTRAINT ck_schedule_exceptions_period CHECK (
        '2000-01-01' <= starts AND starts < ends AND ends <= '2200-01-01'
    ),
    CONSTRAINT ck_schedule_exceptions_units CHECK (
        (kind = 'units') = (units IS NOT NULL) AND units BETWEEN 0 AND 10000
    ),
    CONSTRAINT ex_schedule_exceptions_units EXCLUDE USING gist
        (provider_id WITH =, tsrange(starts, ends) WITH &&) WHERE (kind = 'units')
);
CREATE INDEX ix_schedule_exceptions_provider_id ON schedule_exceptions (provider_id, ends);

-- Time and seats of a provider that somebody has: held until an instant, or booked for good.
CREATE TABLE allocations (
    id              text PRIMARY KEY,
    number          bigint GENERATED ALWAYS AS IDENTITY,
    provider_id     text NOT NULL,
    product_id      text NOT NULL,
    starts_at       timestamptz NOT NULL,
    ends_at         timestamptz NOT NULL,
    busy            tstzrange NOT NULL,
    exclusive       boolean NOT NULL,
    seats           integer NOT NULL,
    capacity        integer,
    user_id         text NOT NULL,
    hold_expires_at timestamptz,
    booking_id      text,
    -- Every lane, or one of its own: exclusive time excludes all other time of the provider, while
    -- shared time (seats of a class) excludes exclusive time alone.
    lane            int8range NOT NULL GENERATED ALWAYS AS (
        CASE WHEN exclusive THEN int8range(NULL, NULL) ELSE int8range(number, number, '[]') END
    ) STORED,
    CONSTRAINT fk_allocations_product_id_provider_id FOREIGN KEY (product_id, provider_id)
        REFERENCES products (id, provider_id),
    CONSTRAINT fk_allocations_user_id FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT uq_allocations_booking_id UNIQUE (booking_id),
    CONSTRAINT ck_allocations_id CHECK (id LIKE 'hld\_%'),
    CONSTRAINT ck_allocations_booking_id CHECK (booking_id LIKE 'bkg\_%'),
    CONSTRAINT ck_allocations_held_or_booked CHECK ((hold_expires_at IS NULL) <> (booking_id IS NULL)),
    CONSTRAINT ck_allocations_seats CHECK (seats BETWEEN 1 AND 10000),
    CONSTRAINT ck_allocations_capacity CHECK (exclusive = (capacity IS NULL)),
    CONSTRAINT ck_allocations_busy CHECK (
        starts_at < ends_at AND tstzrange(starts_at, ends_at) <@ busy
        AND lower_inc(busy) AND NOT upper_inc(busy) AND NOT lower_inf(busy) AND NOT upper_inf(busy)
    ),
    CONSTRAINT ex_allocations_busy EXCLUDE USING gist
        (provider_id WITH =, lane WITH &&, busy WITH &&)
);
CREATE INDEX ix_allocations_product_id ON allocations (product_id, starts_at);
CREATE UNIQUE INDEX uq_allocations_hold ON allocations (user_id, product_id, starts_at) WHERE booking_id IS NULL;
CREATE INDEX ix_allocations_hold_expires_at ON allocations (hold_expires_at) WHERE booking_id IS NULL;

CREATE TABLE slot_counters (
    product_id text NOT NULL,
    starts_at  timestamptz NOT NULL,
    capacity   integer NOT NULL,
    taken      integer NOT NULL,
    PRIMARY KEY (product_id, starts_at),
    CONSTRAINT fk_slot_counters_product_id FOREIGN KEY (product_id) REFERENCES products (id),
    CONSTRAINT ck_slot_counters_taken CHECK (0 <= taken AND taken <= capacity)
);

-- Counters are touched in the order of their keys, so that two bookings that swap slots cannot deadlock.
-- Seats that are given back never fail: the capacity may have been lowered since they were taken.
CREATE FUNCTION count_allocated_seats() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    change record;
BEGIN
    FOR change IN
        SELECT c.product_id, c.starts_at, sum(c.seats)::integer AS seats, max(c.capacity) AS capacity
        FROM (
            SELECT OLD.product_id, OLD.starts_at, -OLD.seats, NULL::integer
            WHERE TG_OP <> 'INSERT' AND NOT OLD.exclusive
            UNION ALL
            SELECT NEW.product_id, NEW.starts_at, NEW.seats, NEW.capacity
            WHERE TG_OP <> 'DELETE' AND NOT NEW.exclusive
        ) AS c (product_id, starts_at, seats, capacity)
        GROUP BY c.product_id, c.starts_at
        HAVING sum(c.seats) <> 0
        ORDER BY c.product_id, c.starts_at
    LOOP
        IF change.seats > 0 THEN
            INSERT INTO slot_counters AS counter (product_id, starts_at, capacity, taken)
            VALUES (change.product_id, change.starts_at, change.capacity, change.seats)
            ON CONFLICT (product_id, starts_at) DO UPDATE
                SET taken = counter.taken + excluded.taken, capacity = excluded.capacity;
        ELSE
            UPDATE slot_counters
            SET taken = taken + change.seats
            WHERE product_id = change.product_id AND starts_at = change.starts_at;
        END IF;
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER allocations_are_counted AFTER INSERT OR UPDATE OR DELETE ON allocations
    FOR EACH ROW EXECUTE FUNCTION count_allocated_seats();
"""

DROP = """
DROP TABLE slot_counters;
DROP TABLE allocations;
DROP FUNCTION count_allocated_seats();
DROP TABLE schedule_exceptions;
DROP TABLE opening_hours;
DROP TABLE schedules;
"""


def upgrade() -> None:
    """Make the tables."""
    run_script(op.get_bind(), SQL)


def downgrade() -> None:
    """Drop them."""
    run_script(op.get_bind(), DROP)
