"""Coupons, their uses, and the counters of uses that a trigger keeps within the limits."""

from alembic import op

from backend.infra.postgres import run_script

revision = "0012"
down_revision = "0011"

SQL = r"""
CREATE TABLE coupons (
    id                     text PRIMARY KEY,
    code                   citext NOT NULL,
    label                  text NOT NULL,
    kind                   text NOT NULL,
    percent                numeric(7, 4),
    currency               text,
    amount_minor           bigint,
    minimum_order_minor    bigint,
    maximum_discount_minor bigint,
    budget_minor           bigint,
    valid_from             timestamptz,
    valid_until            timestamptz,
    categories             text[] NOT NULL,
    products               text[] NOT NULL,
    excluded_products      text[] NOT NULL,
    product_kinds          text[] NOT NULL,
    first_order_only       boolean NOT NULL,
    user_id                text,
    is_public              boolean NOT NULL,
    per_user_limit         integer,
    global_limit           integer,
    stacking_group         text,
    is_exclusive           boolean NOT NULL,
    may_go_below_floor     boolean NOT NULL,
    is_active              boolean NOT NULL,
    created_at             timestamptz NOT NULL,
    version                integer NOT NULL,
    CONSTRAINT uq_coupons_code UNIQUE (code),
    CONSTRAINT fk_coupons_user_id FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT ck_coupons_id CHECK (id LIKE 'cpn\_%'),
    CONSTRAINT ck_coupons_code CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9-]{2,39}$'),
    CONSTRAINT ck_coupons_kind CHECK (kind IN ('percentage', 'fixed', 'free_shipping')),
    CONSTRAINT ck_coupons_percent CHECK (
        (kind = 'percentage') = (percent IS NOT NULL) AND percent > 0 AND percent <= 100
    ),
    CONSTRAINT ck_coupons_amount CHECK ((kind = 'fixed') = (amount_minor IS NOT NULL) AND amount_minor > 0),
    CONSTRAINT ck_coupons_minimum_order CHECK (minimum_order_minor > 0),
    CONSTRAINT ck_coupons_maximum_discount CHECK (
        maximum_discount_minor IS NULL OR (kind <> 'fixed' AND maximum_discount_minor > 0)
    ),
    CONSTRAINT ck_coupons_budget CHECK (budget_minor > 0),
    CONSTRAINT ck_coupons_currency CHECK (
        currency ~ '^[A-Z]{3}$'
        AND (currency IS NOT NULL) =
            (num_nonnulls(amount_minor, minimum_order_minor, maximum_discount_minor, budget_minor) > 0)
    ),
    CONSTRAINT ck_coupons_validity CHECK (valid_from < valid_until),
    CONSTRAINT ck_coupons_products CHECK (NOT products && excluded_products),
    CONSTRAINT ck_coupons_limits CHECK (per_user_limit >= 1 AND global_limit >= 1),
    CONSTRAINT ck_coupons_personal CHECK (user_id IS NULL OR NOT is_public),
    CONSTRAINT ck_coupons_stacking_group CHECK (stacking_group ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    CONSTRAINT ck_coupons_version CHECK (version >= 1)
);
CREATE INDEX ix_coupons_user_id ON coupons (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX ix_coupons_public ON coupons (id) WHERE is_public AND is_active;

-- One use of a coupon by a user, or by the cart of a visitor. Only its state ever changes.
CREATE TABLE coupon_uses (
    id             text PRIMARY KEY,
    coupon_id      text NOT NULL,
    user_id        text,
    cart_id        text,
    customer       text NOT NULL GENERATED ALWAYS AS (coalesce(user_id, cart_id)) STORED,
    discount_minor bigint NOT NULL,
    currency       text NOT NULL,
    state          text NOT NULL,
    reference      text NOT NULL,
    expires_at     timestamptz,
    created_at     timestamptz NOT NULL,
    settled_at     timestamptz,
    CONSTRAINT fk_coupon_uses_coupon_id FOREIGN KEY (coupon_id) REFERENCES coupons (id),
    CONSTRAINT fk_coupon_uses_user_id FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT ck_coupon_uses_id CHECK (id LIKE 'cpu\_%'),
    CONSTRAINT ck_coupon_uses_customer CHECK (num_nonnulls(user_id, cart_id) = 1),
    CONSTRAINT ck_coupon_uses_discount CHECK (discount_minor >= 0),
    CONSTRAINT ck_coupon_uses_currency CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT ck_coupon_uses_state CHECK (state IN ('reserved', 'committed', 'released')),
    CONSTRAINT ck_coupon_uses_expires_at CHECK ((state = 'reserved') <= (expires_at IS NOT NULL)),
    CONSTRAINT ck_coupon_uses_settled_at CHECK ((state = 'reserved') = (settled_at IS NULL))
);
CREATE UNIQUE INDEX uq_coupon_uses_reference ON coupon_uses (reference, coupon_id) WHERE state <> 'released';
CREATE INDEX ix_coupon_uses_reference ON coupon_uses (reference);
CREATE INDEX ix_coupon_uses_customer ON coupon_uses (customer, id);
CREATE INDEX ix_coupon_uses_reserved ON coupon_uses (coupon_id, expires_at) WHERE state = 'reserved';
CREATE INDEX ix_coupon_uses_expires_at ON coupon_uses (expires_at) WHERE state = 'reserved';

-- What is reserved or committed of each coupon, beside its limits; its row is the coupon's lock.
CREATE TABLE coupon_counters (
    coupon_id    text PRIMARY KEY,
    uses         integer NOT NULL,
    global_limit integer,
    spent_minor  bigint NOT NULL,
    budget_minor bigint,
    CONSTRAINT fk_coupon_counters_coupon_id FOREIGN KEY (coupon_id) REFERENCES coupons (id) ON DELETE CASCADE,
    CONSTRAINT ck_coupon_counters_uses CHECK (0 <= uses AND uses <= global_limit),
    CONSTRAINT ck_coupon_counters_spent CHECK (0 <= spent_minor AND spent_minor <= budget_minor)
);

-- The same for each customer. The limit is the one in force at the last use: a lower one takes nothing back.
CREATE TABLE coupon_customer_counters (
    coupon_id      text NOT NULL,
    customer       text NOT NULL,
    uses           integer NOT NULL,
    per_user_limit integer,
    PRIMARY KEY (coupon_id, customer),
    CONSTRAINT fk_coupon_customer_counters_coupon_id FOREIGN KEY (coupon_id)
        REFERENCES coupons (id) ON DELETE CASCADE,
    CONSTRAINT ck_coupon_customer_counters_uses CHECK (0 <= uses AND uses <= per_user_limit)
);

-- Limits stand beside the counts, so that a use and a change of the limits meet at the same row.
CREATE FUNCTION keep_coupon_limits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO coupon_counters (coupon_id, uses, global_limit, spent_minor, budget_minor)
    VALUES (NEW.id, 0, NEW.global_limit, 0, NEW.budget_minor)
    ON CONFLICT (coupon_id) DO UPDATE
        SET global_limit = excluded.global_limit, budget_minor = excluded.budget_minor;
    RETURN NULL;
END $$;
CREATE TRIGGER coupons_keep_limits AFTER INSERT OR UPDATE OF global_limit, budget_minor ON coupons
    FOR EACH ROW EXECUTE FUNCTION keep_coupon_limits();

CREATE FUNCTION count_coupon_uses() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    change record;
BEGIN
    IF TG_OP = 'INSERT' AND EXISTS (
        SELECT FROM coupons WHERE id = NEW.coupon_id AND currency <> NEW.currency
    ) THEN
        RAISE check_violation USING
            CONSTRAINT = 'ck_coupon_uses_currency_of_coupon',
            MESSAGE = 'a discount is in the currency of its coupon';
    END IF;
    FOR change IN
        SELECT c.coupon_id, c.customer, sum(c.uses)::integer AS uses, sum(c.spent)::bigint AS spent
        FROM (
            SELECT OLD.coupon_id, OLD.customer, -1, -OLD.discount_minor
            WHERE TG_OP <> 'INSERT' AND OLD.state <> 'released'
            UNION ALL
            SELECT NEW.coupon_id, NEW.customer, 1, NEW.discount_minor
            WHERE TG_OP <> 'DELETE' AND NEW.state <> 'released'
        ) AS c (coupon_id, customer, uses, spent)
        GROUP BY c.coupon_id, c.customer
        HAVING sum(c.uses) <> 0 OR sum(c.spent) <> 0
        ORDER BY c.coupon_id, c.customer
    LOOP
        -- Sums of several currencies mean nothing: only a coupon with a currency of its own counts them.
        UPDATE coupon_counters AS counter
        SET uses = counter.uses + change.uses,
            spent_minor = counter.spent_minor
                + CASE WHEN coupon.currency IS NULL THEN 0 ELSE change.spent END
        FROM coupons AS coupon
        WHERE counter.coupon_id = change.coupon_id AND coupon.id = change.coupon_id;
        IF change.uses > 0 THEN
            INSERT INTO coupon_customer_counters AS counter (coupon_id, customer, uses, per_user_limit)
            SELECT change.coupon_id, change.customer, change.uses, coupon.per_user_limit
            FROM coupons AS coupon
            WHERE coupon.id = change.coupon_id
            ON CONFLICT (coupon_id, customer) DO UPDATE
                SET uses = counter.uses + excluded.uses, per_user_limit = excluded.per_user_limit;
        ELSE
            UPDATE coupon_customer_counters
            SET uses = uses + change.uses
            WHERE coupon_id = change.coupon_id AND customer = change.customer;
        END IF;
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER coupon_uses_are_counted AFTER INSERT OR UPDATE OR DELETE ON coupon_uses
    FOR EACH ROW EXECUTE FUNCTION count_coupon_uses();
"""

DROP = """
DROP TABLE coupon_customer_counters;
DROP TABLE coupon_counters;
DROP TABLE coupon_uses;
DROP TABLE coupons;
DROP FUNCTION count_coupon_uses();
DROP FUNCTION keep_coupon_limits();
"""


def upgrade() -> None:
    """Make the tables."""
    run_script(op.get_bind(), SQL)


def downgrade() -> None:
    """Drop them."""
    run_script(op.get_bind(), DROP)
