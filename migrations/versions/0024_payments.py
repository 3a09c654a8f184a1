"""Payments with their parts, what is asked of the gateway, and what it tells."""

from alembic import op

from backend.infra.postgres import run_script

revision = "0024"
down_revision = "0023"

SQL = r"""
CREATE TABLE payments (
    id             text PRIMARY KEY,
    subject        text NOT NULL,
    user_id        text NOT NULL,
    purpose        text NOT NULL,
    capture        text NOT NULL,
    state          text NOT NULL,
    currency       text NOT NULL,
    amount_minor   bigint NOT NULL,
    paid_minor     bigint NOT NULL,
    refunded_minor bigint NOT NULL,
    description    text NOT NULL,
    saves_card     boolean NOT NULL,
    intent_id      text,
    charge_id      text,
    card           text,
    decline        jsonb,
    attempts       integer NOT NULL,
    pay_by         timestamptz,
    answer_by      timestamptz,
    due_on         date,
    version        integer NOT NULL,
    created_at     timestamptz NOT NULL,
    changed_at     timestamptz NOT NULL,
    CONSTRAINT fk_payments_user_id FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT uq_payments_intent_id UNIQUE (intent_id),
    CONSTRAINT ck_payments_id CHECK (id LIKE 'pay\_%'),
    CONSTRAINT ck_payments_subject CHECK (subject LIKE 'ord\_%' OR subject LIKE 'bkg\_%'),
    CONSTRAINT ck_payments_purpose CHECK (purpose IN ('whole', 'deposit', 'balance')),
    CONSTRAINT ck_payments_capture CHECK (capture IN ('automatic', 'manual')),
    CONSTRAINT ck_payments_state CHECK (state IN
        ('new', 'scheduled', 'awaiting', 'authorised', 'paid', 'cancelled', 'failed')),
    CONSTRAINT ck_payments_currency CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT ck_payments_amount CHECK (amount_minor > 0),
    -- Never more than was owed is taken, and never more than was taken goes back.
    CONSTRAINT ck_payments_paid CHECK (paid_minor BETWEEN 0 AND amount_minor),
    CONSTRAINT ck_payments_refunded CHECK (refunded_minor BETWEEN 0 AND paid_minor),
    CONSTRAINT ck_payments_paid_is_taken CHECK ((paid_minor > 0) = (state = 'paid')),
    CONSTRAINT ck_payments_intent CHECK (intent_id IS NOT NULL OR state IN ('new', 'scheduled', 'cancelled', 'failed')),
    CONSTRAINT ck_payments_balance CHECK ((due_on IS NOT NULL) = (purpose = 'balance'))
);
-- Nobody is asked twice for the same.
-- An order of several bookings has a balance for each day on which some are due.
CREATE UNIQUE INDEX uq_payments_live ON payments (subject, purpose, due_on) NULLS NOT DISTINCT
    WHERE state NOT IN ('cancelled', 'failed');
CREATE INDEX ix_payments_user_id ON payments (user_id, id);
CREATE INDEX ix_payments_open ON payments (pay_by) WHERE state IN ('new', 'awaiting');
CREATE INDEX ix_payments_due ON payments (due_on) WHERE state = 'scheduled';

CREATE FUNCTION refuse_reopened_payment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'payment % is %: it stays so', OLD.id, OLD.state USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER payments_end_for_good BEFORE UPDATE OF state, paid_minor ON payments FOR EACH ROW
    WHEN (OLD.state IN ('paid', 'cancelled', 'failed')
        AND (NEW.state, NEW.paid_minor) IS DISTINCT FROM (OLD.state, OLD.paid_minor))
    EXECUTE FUNCTION refuse_reopened_payment();
CREATE TRIGGER payments_keep_their_terms BEFORE UPDATE ON payments FOR EACH ROW
    WHEN ((OLD.subject, OLD.user_id, OLD.purpose, OLD.currency, OLD.amount_minor)
        IS DISTINCT FROM (NEW.subject, NEW.user_id, NEW.purpose, NEW.currency, NEW.amount_minor))
    EXECUTE FUNCTION refuse_changed_terms();

CREATE TABLE payment_parts (
    payment_id     text NOT NULL,
    part           text NOT NULL,
    name           text NOT NULL,
    state          text NOT NULL,
    asks           boolean NOT NULL,
    amount_minor   bigint NOT NULL,
    refunded_minor bigint NOT NULL,
    PRIMARY KEY (payment_id, part),
    CONSTRAINT fk_payment_parts_payment_id FOREIGN KEY (payment_id) REFERENCES payments (id),
    CONSTRAINT ck_payment_parts_state CHECK (state IN ('asked', 'taken', 'dropped')),
    CONSTRAINT ck_payment_parts_amount CHECK (amount_minor > 0),
    CONSTRAINT ck_payment_parts_refunded CHECK (refunded_minor BETWEEN 0 AND amount_minor)
);
CREATE INDEX ix_payment_parts_part ON payment_parts (part);

CREATE TABLE payment_shares (
    payment_id     text NOT NULL,
    part           text NOT NULL,
    account        text NOT NULL,
    amount_minor   bigint NOT NULL,
    refunded_minor bigint NOT NULL,
    PRIMARY KEY (payment_id, part, account),
    CONSTRAINT fk_payment_shares_part FOREIGN KEY (payment_id, part) REFERENCES payment_parts (payment_id, part),
    CONSTRAINT ck_payment_shares_amount CHECK (amount_minor > 0),
    CONSTRAINT ck_payment_shares_refunded CHECK (refunded_minor BETWEEN 0 AND amount_minor)
);

CREATE INDEX ix_payment_shares_account ON payment_shares (account, payment_id);

-- At the commit the parts of a payment are its amount, and the shares of each part the part.
CREATE FUNCTION check_payment_parts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM payments AS p WHERE p.id = NEW.payment_id
        AND p.amount_minor <> (SELECT sum(a.amount_minor) FROM payment_parts AS a WHERE a.payment_id = p.id)
    ) OR EXISTS (
        SELECT FROM payment_parts AS a LEFT JOIN LATERAL (
            SELECT sum(s.amount_minor) AS amount, sum(s.refunded_minor) AS refunded FROM payment_shares AS s
            WHERE s.payment_id = a.payment_id AND s.part = a.part
        ) AS shares ON true
        WHERE a.payment_id = NEW.payment_id
        AND (a.amount_minor, a.refunded_minor) IS DISTINCT FROM (shares.amount, shares.refunded)
    ) THEN
        RAISE check_violation USING
            CONSTRAINT = 'ck_payments_parts_sum',
            MESSAGE = format('the shares and parts of payment %s do not add up to it', NEW.payment_id);
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER payment_parts_are_the_payment AFTER INSERT OR UPDATE ON payment_parts
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_payment_parts();
CREATE CONSTRAINT TRIGGER payment_shares_are_the_part AFTER INSERT OR UPDATE ON payment_shares
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_payment_parts();

CREATE TABLE payment_operations (
    id           text PRIMARY KEY,
    payment_id   text NOT NULL,
    kind         text NOT NULL,
    number       integer NOT NULL,
    state        text NOT NULL,
    amount_minor bigint,
    account      text,
    about        jsonb NOT NULL,
    gateway_id   text,
    outcome      jsonb,
    created_at   timestamptz NOT NULL,
    settled_at   timestamptz,
    CONSTRAINT fk_payment_operations_payment_id FOREIGN KEY (payment_id) REFERENCES payments (id),
    -- With the payment and the kind it is the key under which the gateway does it once.
    CONSTRAINT uq_payment_operations_number UNIQUE (payment_id, kind, number),
    CONSTRAINT ck_payment_operations_kind CHECK (kind IN
        ('open', 'charge', 'capture', 'cancel', 'refund', 'transfer', 'reverse')),
    CONSTRAINT ck_payment_operations_state CHECK (state IN ('pending', 'done', 'refused')),
    CONSTRAINT ck_payment_operations_settled CHECK ((settled_at IS NULL) = (state = 'pending')),
    CONSTRAINT ck_payment_operations_amount CHECK (amount_minor > 0)
);
CREATE INDEX ix_payment_operations_pending ON payment_operations (created_at) WHERE state = 'pending';
CREATE INDEX ix_payment_operations_gateway_id ON payment_operations (gateway_id);

CREATE TABLE payment_events (
    id          text PRIMARY KEY,
    kind        text NOT NULL,
    told_at     timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    subject     jsonb NOT NULL,
    account_id  text,
    handled_at  timestamptz
);

CREATE TABLE payment_disputes (
    id           text PRIMARY KEY,
    payment_id   text NOT NULL,
    status       text NOT NULL,
    amount_minor bigint NOT NULL,
    reason       text NOT NULL,
    opened_at    timestamptz NOT NULL,
    changed_at   timestamptz NOT NULL,
    CONSTRAINT fk_payment_disputes_payment_id FOREIGN KEY (payment_id) REFERENCES payments (id),
    CONSTRAINT ck_payment_disputes_amount CHECK (amount_minor > 0)
);

CREATE TABLE gateway_customers (
    user_id     text PRIMARY KEY,
    customer_id text NOT NULL,
    CONSTRAINT fk_gateway_customers_user_id FOREIGN KEY (user_id) REFERENCES users (id)
);

ALTER TABLE orders
    DROP CONSTRAINT ck_orders_state,
    ADD CONSTRAINT ck_orders_state CHECK (state IN
        ('placed', 'authorised', 'paid', 'confirmed', 'shipped', 'delivered', 'returned', 'cancelled')),
    DROP CONSTRAINT ck_orders_payment_method,
    ADD CONSTRAINT ck_orders_payment_method CHECK (payment_method IN ('on_delivery', 'on_site', 'card'));
ALTER TABLE bookings ADD answer_by timestamptz;
"""

DROP = """
ALTER TABLE bookings DROP answer_by;
ALTER TABLE orders
    DROP CONSTRAINT ck_orders_state,
    ADD CONSTRAINT ck_orders_state CHECK (state IN
        ('placed', 'paid', 'confirmed', 'shipped', 'delivered', 'returned', 'cancelled')) NOT VALID,
    DROP CONSTRAINT ck_orders_payment_method,
    ADD CONSTRAINT ck_orders_payment_method CHECK (payment_method IN ('on_delivery', 'on_site')) NOT VALID;
DROP TABLE gateway_customers;
DROP TABLE payment_disputes;
DROP TABLE payment_events;
DROP TABLE payment_operations;
DROP TABLE payment_shares;
DROP TABLE payment_parts;
DROP FUNCTION check_payment_parts();
DROP TABLE payments;
DROP FUNCTION refuse_reopened_payment();
"""


def upgrade() -> None:
    """Make them."""
    run_script(op.get_bind(), SQL)


def downgrade() -> None:
    """Drop them."""
    run_script(op.get_bind(), DROP)
