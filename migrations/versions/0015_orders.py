"""Orders with their lines and history, and bookings that belong to one."""

from alembic import op

from backend.infra.postgres import run_script

revision = "0015"
down_revision = "0014"

SQL = r"""
CREATE TABLE orders (
    id               text PRIMARY KEY,
    user_id          text NOT NULL,
    state            text NOT NULL,
    currency         text NOT NULL,
    total_minor      bigint NOT NULL,
    quote_id         text NOT NULL,
    cart_id          text NOT NULL,
    cart_version     integer NOT NULL,
    payment_method   text NOT NULL,
    shipping_option  text,
    contact          jsonb NOT NULL,
    shipping_address jsonb,
    note             text NOT NULL,
    price            jsonb NOT NULL,
    version          integer NOT NULL,
    placed_at        timestamptz NOT NULL,
    changed_at       timestamptz NOT NULL,
    CONSTRAINT fk_orders_user_id FOREIGN KEY (user_id) REFERENCES users (id),
    -- A quote is good for one order, and a cart is checked out once unless it changed.
    CONSTRAINT uq_orders_quote_id UNIQUE (quote_id),
    CONSTRAINT uq_orders_cart UNIQUE (cart_id, cart_version),
    CONSTRAINT ck_orders_id CHECK (id LIKE 'ord\_%'),
    CONSTRAINT ck_orders_state CHECK (state IN
        ('placed', 'paid', 'confirmed', 'shipped', 'delivered', 'returned', 'cancelled')),
    CONSTRAINT ck_orders_currency CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT ck_orders_total CHECK (total_minor >= 0),
    CONSTRAINT ck_orders_payment_method CHECK (payment_method IN ('on_delivery', 'on_site')),
    CONSTRAINT ck_orders_version CHECK (version > 0)
);
CREATE INDEX ix_orders_user_id ON orders (user_id, id);
CREATE INDEX ix_orders_state ON orders (state, id);

CREATE FUNCTION refuse_reopened_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'order % is %: it stays so', OLD.id, OLD.state USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER orders_end_for_good BEFORE UPDATE OF state ON orders FOR EACH ROW
    WHEN (OLD.state IN ('returned', 'cancelled') AND NEW.state <> OLD.state)
    EXECUTE FUNCTION refuse_reopened_order();
CREATE FUNCTION refuse_changed_terms() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was ordered for how much stays so' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER orders_keep_their_terms BEFORE UPDATE ON orders FOR EACH ROW
    WHEN ((OLD.user_id, OLD.currency, OLD.total_minor, OLD.quote_id, OLD.price)
        IS DISTINCT FROM (NEW.user_id, NEW.currency, NEW.total_minor, NEW.quote_id, NEW.price))
    EXECUTE FUNCTION refuse_changed_terms();

-- A booking that is part of an order has its price from there; every other one from a quote of its own.
ALTER TABLE bookings
    ALTER quote_id DROP NOT NULL,
    ADD order_id text,
    ADD CONSTRAINT fk_bookings_order_id FOREIGN KEY (order_id) REFERENCES orders (id),
    ADD CONSTRAINT ck_bookings_priced CHECK (quote_id IS NOT NULL OR order_id IS NOT NULL);
CREATE INDEX ix_bookings_order_id ON bookings (order_id) WHERE order_id IS NOT NULL;

CREATE TABLE order_lines (
    order_id     text NOT NULL,
    position     integer NOT NULL,
    kind         text NOT NULL,
    name         text NOT NULL,
    product_id   text,
    slot_id      text,
    booking_id   text,
    quantity     integer NOT NULL,
    party        integer NOT NULL,
    amount_minor bigint NOT NULL,
    currency     text NOT NULL,
    detail       jsonb NOT NULL,
    PRIMARY KEY (order_id, position),
    CONSTRAINT fk_order_lines_order_id FOREIGN KEY (order_id) REFERENCES orders (id),
    CONSTRAINT fk_order_lines_product_id FOREIGN KEY (product_id) REFERENCES products (id),
    CONSTRAINT fk_order_lines_booking_id FOREIGN KEY (booking_id) REFERENCES bookings (id),
    CONSTRAINT ck_order_lines_kind CHECK (CASE kind
        WHEN 'goods' THEN product_id IS NOT NULL AND num_nonnulls(slot_id, booking_id) = 0
        WHEN 'slot' THEN num_nulls(product_id, slot_id, booking_id) = 0
        WHEN 'charge' THEN num_nonnulls(product_id, slot_id, booking_id) = 0
        ELSE false
    END),
    CONSTRAINT ck_order_lines_quantity CHECK (quantity > 0 AND party > 0),
    CONSTRAINT ck_order_lines_amount CHECK (kind = 'charge' OR amount_minor >= 0)
);
CREATE INDEX ix_order_lines_booking_id ON order_lines (booking_id);
CREATE TRIGGER order_lines_are_append_only BEFORE UPDATE OR DELETE ON order_lines
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- At the commit the lines of an order are its total, in its currency.
CREATE FUNCTION check_order_total() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    of_order text;
BEGIN
    IF TG_TABLE_NAME = 'orders' THEN
        of_order := NEW.id;
    ELSE
        of_order := NEW.order_id;
    END IF;
    IF EXISTS (
        SELECT FROM orders AS o
        WHERE o.id = of_order AND (o.total_minor <> (
            SELECT coalesce(sum(l.amount_minor), 0) FROM order_lines AS l WHERE l.order_id = o.id
        ) OR EXISTS (SELECT FROM order_lines AS l WHERE l.order_id = o.id AND l.currency <> o.currency))
    ) THEN
        RAISE check_violation USING
            CONSTRAINT = 'ck_orders_lines_sum',
            MESSAGE = format('the lines of order %s are not its total', of_order);
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER orders_are_their_lines AFTER INSERT ON orders
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_order_total();
CREATE CONSTRAINT TRIGGER order_lines_are_the_order AFTER INSERT ON order_lines
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_order_total();

CREATE TABLE order_events (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id text NOT NULL,
    at       timestamptz NOT NULL,
    actor_id text,
    action   text NOT NULL,
    state    text NOT NULL,
    data     jsonb NOT NULL,
    CONSTRAINT fk_order_events_order_id FOREIGN KEY (order_id) REFERENCES orders (id)
);
CREATE INDEX ix_order_events_order_id ON order_events (order_id, id);
CREATE TRIGGER order_events_is_append_only BEFORE UPDATE OR DELETE ON order_events
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER order_events_is_never_emptied BEFORE TRUNCATE ON order_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""

DROP = """
DROP TABLE order_events;
DROP TABLE order_lines;
DELETE FROM allocations WHERE booking_id IN (SELECT id FROM bookings WHERE quote_id IS NULL);
ALTER TABLE booking_events DISABLE TRIGGER USER;
DELETE FROM booking_events WHERE booking_id IN (SELECT id FROM bookings WHERE quote_id IS NULL);
ALTER TABLE booking_events ENABLE TRIGGER USER;
DELETE FROM bookings WHERE quote_id IS NULL;
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE bookings DROP CONSTRAINT ck_bookings_priced, DROP order_id, ALTER quote_id SET NOT NULL;
DROP TABLE orders;
DROP FUNCTION check_order_total();
DROP FUNCTION refuse_changed_terms();
DROP FUNCTION refuse_reopened_order();
"""


def upgrade() -> None:
    """Make them."""
    run_script(op.get_bind(), SQL)


def downgrade() -> None:
    """Drop them."""
    run_script(op.get_bind(), DROP)
