"""Tables of the bookings domain."""

from alembic import op

from backend.infra.postgres import run_script

revision = "0006"
down_revision = "0005"

SQL = r"""
CREATE TABLE bookings (
    id             text PRIMARY KEY,
    user_id        text NOT NULL REFERENCES users (id),
    provider_id    text NOT NULL REFERENCES providers (id),
    product_id     text NOT NULL REFERENCES products (id),
    slot_id        text NOT NULL,
    quote_id       text NOT NULL REFERENCES quotes (id),
    status         text NOT NULL,
    starts_at      timestamptz NOT NULL,
    ends_at        timestamptz NOT NULL,
    timezone       text NOT NULL,
    title          text NOT NULL,
    party          integer NOT NULL,
    total_minor    bigint NOT NULL,
    paid_minor     bigint NOT NULL,
    refund_minor   bigint,
    currency       text NOT NULL,
    payment_method text NOT NULL,
    contact        jsonb NOT NULL,
    version        integer NOT NULL,
    created_at     timestamptz NOT NULL,
    changed_at     timestamptz NOT NULL,
    CONSTRAINT ck_bookings_status CHECK (status IN
        ('pending_approval', 'pending_payment', 'confirmed', 'completed', 'cancelled', 'no_show')),
    CONSTRAINT ck_bookings_id CHECK (id LIKE 'bkg\_%'),
    CONSTRAINT ck_bookings_period CHECK (starts_at < ends_at),
    CONSTRAINT ck_bookings_party CHECK (party > 0),
    CONSTRAINT ck_bookings_payment_method CHECK (payment_method IN ('on_site', 'card')),
    CONSTRAINT ck_bookings_total CHECK (total_minor >= 0),
    CONSTRAINT ck_bookings_paid CHECK (paid_minor BETWEEN 0 AND total_minor),
    CONSTRAINT ck_bookings_refund CHECK (refund_minor BETWEEN 0 AND paid_minor),
    CONSTRAINT ck_bookings_refund_is_of_cancelled CHECK ((refund_minor IS NOT NULL) = (status = 'cancelled')),
    CONSTRAINT ck_bookings_version CHECK (version > 0)
);
-- Seats that are booked belong to a booking that exists; checked when both are written.
ALTER TABLE allocations ADD CONSTRAINT fk_allocations_booking_id FOREIGN KEY (booking_id)
    REFERENCES bookings (id) DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX ix_bookings_user_id ON bookings (user_id, id);
CREATE INDEX ix_bookings_provider_id ON bookings (provider_id, starts_at);
CREATE INDEX ix_bookings_confirmed ON bookings (ends_at) WHERE status = 'confirmed';
CREATE INDEX ix_bookings_pending ON bookings (starts_at)
    WHERE status IN ('pending_approval', 'pending_payment');

CREATE FUNCTION refuse_reopened_booking() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'booking % is %: it stays so', OLD.id, OLD.status USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER bookings_end_for_good BEFORE UPDATE OF status ON bookings FOR EACH ROW
    WHEN (OLD.status IN ('completed', 'cancelled', 'no_show') AND NEW.status <> OLD.status)
    EXECUTE FUNCTION refuse_reopened_booking();

CREATE TABLE booking_events (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    booking_id text NOT NULL REFERENCES bookings (id),
    at         timestamptz NOT NULL,
    actor_id   text,
    action     text NOT NULL,
    status     text NOT NULL,
    data       jsonb NOT NULL
);
CREATE INDEX ix_booking_events_booking_id ON booking_events (booking_id, id);
CREATE TRIGGER booking_events_is_append_only BEFORE UPDATE OR DELETE ON booking_events
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER booking_events_is_never_emptied BEFORE TRUNCATE ON booking_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE booking_quotes (
    quote_id   text PRIMARY KEY REFERENCES quotes (id),
    booking_id text NOT NULL REFERENCES bookings (id),
    used_at    timestamptz NOT NULL
);
CREATE INDEX ix_booking_quotes_booking_id ON booking_quotes (booking_id);

CREATE TABLE waitlist (
    id               text PRIMARY KEY,
    user_id          text NOT NULL REFERENCES users (id),
    provider_id      text NOT NULL REFERENCES providers (id),
    product_id       text NOT NULL REFERENCES products (id),
    slot_id          text NOT NULL,
    starts_at        timestamptz NOT NULL,
    ends_at          timestamptz NOT NULL,
    party            integer NOT NULL,
    status           text NOT NULL,
    hold_id          text,
    offer_expires_at timestamptz,
    created_at       timestamptz NOT NULL,
    CONSTRAINT ck_waitlist_id CHECK (id LIKE 'wtl\_%'),
    CONSTRAINT ck_waitlist_status CHECK (status IN ('waiting', 'offered', 'fulfilled', 'expired', 'left')),
    CONSTRAINT ck_waitlist_period CHECK (starts_at < ends_at),
    CONSTRAINT ck_waitlist_party CHECK (party > 0),
    CONSTRAINT ck_waitlist_offer CHECK (
        (status = 'offered') = (hold_id IS NOT NULL) AND (status = 'offered') = (offer_expires_at IS NOT NULL))
);
CREATE UNIQUE INDEX uq_waitlist_open ON waitlist (user_id, slot_id) WHERE status IN ('waiting', 'offered');
CREATE INDEX ix_waitlist_open ON waitlist (provider_id, starts_at) WHERE status IN ('waiting', 'offered');
CREATE INDEX ix_waitlist_user_id ON waitlist (user_id, id);
"""


def upgrade() -> None:
    """Make them."""
    run_script(op.get_bind(), SQL)


def downgrade() -> None:
    """Drop them, newest first."""
    script = """
    ALTER TABLE allocations DROP CONSTRAINT fk_allocations_booking_id;
    DROP TABLE waitlist;
    DROP TABLE booking_quotes;
    DROP TABLE booking_events;
    DROP TABLE bookings;
    DROP FUNCTION refuse_reopened_booking();
    """
    run_script(op.get_bind(), script)
