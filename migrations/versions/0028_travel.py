"""Flights and stays: what is to be known of them, and their lines in orders."""

from alembic import op

from backend.infra.postgres import run_script

revision = "0028"
down_revision = "0027"

SQL = r"""
ALTER TABLE products
    ADD supplier         text,
    ADD country          text,
    ADD timezone         text,
    -- A flight departs and arrives, rooms are handed out and given back.
    ADD starts_at        timestamptz,
    ADD ends_at          timestamptz,
    ADD origin           text,
    ADD destination      text,
    ADD origin_city      text,
    ADD destination_city text,
    ADD cabin_class      text,
    ADD place            text,
    ADD room             text,
    ADD meal             text,
    ADD nights           integer,
    ADD CONSTRAINT ck_products_travel CHECK (CASE
        WHEN kind IN ('flight', 'stay') THEN price_per = 'unit'
            AND num_nulls(supplier, country, timezone, starts_at, ends_at) = 0
            AND num_nonnulls(provider_id, duration_minutes, slot_step_minutes, weight_grams) = 0
        ELSE num_nonnulls(supplier, country, timezone, starts_at, ends_at) = 0
    END),
    ADD CONSTRAINT ck_products_flight CHECK (CASE kind
        WHEN 'flight' THEN num_nulls(origin, destination, origin_city, destination_city, cabin_class) = 0
        ELSE num_nonnulls(origin, destination, origin_city, destination_city, cabin_class) = 0
    END),
    ADD CONSTRAINT ck_products_stay CHECK (CASE kind
        WHEN 'stay' THEN num_nulls(place, room, meal, nights) = 0
        ELSE num_nonnulls(place, room, meal, nights) = 0
    END),
    ADD CONSTRAINT ck_products_supplier CHECK (
        supplier ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(supplier) <= 60
    ),
    ADD CONSTRAINT ck_products_country CHECK (country ~ '^[A-Z]{2}$'),
    ADD CONSTRAINT ck_products_timezone CHECK (length(timezone) BETWEEN 1 AND 64),
    ADD CONSTRAINT ck_products_ends_at CHECK (starts_at < ends_at),
    ADD CONSTRAINT ck_products_route CHECK (
        origin ~ '^[A-Z]{3}$' AND destination ~ '^[A-Z]{3}$' AND origin <> destination
    ),
    ADD CONSTRAINT ck_products_cities CHECK (
        length(origin_city) BETWEEN 1 AND 100 AND length(destination_city) BETWEEN 1 AND 100
    ),
    ADD CONSTRAINT ck_products_cabin_class CHECK (
        cabin_class IN ('economy', 'premium_economy', 'business', 'first')
    ),
    ADD CONSTRAINT ck_products_place CHECK (length(place) BETWEEN 1 AND 100),
    ADD CONSTRAINT ck_products_room CHECK (length(room) BETWEEN 1 AND 60),
    ADD CONSTRAINT ck_products_meal CHECK (meal IN ('RO', 'BB', 'HB', 'FB', 'AI')),
    ADD CONSTRAINT ck_products_nights CHECK (nights BETWEEN 1 AND 365),
    DROP CONSTRAINT ck_products_tax_class,
    ADD CONSTRAINT ck_products_tax_class CHECK (
        tax_class IN ('standard', 'intermediate', 'reduced', 'super_reduced', 'zero', 'exempt')
    ),
    -- Found by where a journey begins and ends, too. A generated column's expression cannot be changed.
    DROP words,
    DROP search,
    ADD words text NOT NULL GENERATED ALWAYS AS (product_words(name, brand,
        tags || ARRAY[origin, origin_city, destination, destination_city, place], category, subcategory)) STORED,
    ADD search tsvector NOT NULL GENERATED ALWAYS AS (product_search(name, brand,
        tags || ARRAY[origin, origin_city, destination, destination_city, place], category, subcategory,
        description)) STORED;
CREATE INDEX ix_products_search ON products USING gin (search) WITH (fastupdate = off);
CREATE INDEX ix_products_words ON products USING gin (words gin_trgm_ops) WITH (fastupdate = off);
CREATE INDEX ix_products_starts_at_id ON products (starts_at, id);
CREATE INDEX ix_products_origin_destination_starts_at ON products (origin, destination, starts_at);

-- Their stock are seats and rooms.
DROP TRIGGER retail_products_have_stock ON products;
CREATE TRIGGER counted_products_have_stock AFTER INSERT ON products FOR EACH ROW
    WHEN (NEW.kind IN ('retail', 'flight', 'stay')) EXECUTE FUNCTION keep_stock_of_product();

-- In an order they are bought like goods, and never sent.
ALTER TABLE order_lines
    DROP CONSTRAINT ck_order_lines_kind,
    ADD CONSTRAINT ck_order_lines_kind CHECK (CASE kind
        WHEN 'goods' THEN product_id IS NOT NULL AND num_nonnulls(slot_id, booking_id) = 0
        WHEN 'travel' THEN product_id IS NOT NULL AND num_nonnulls(slot_id, booking_id) = 0
        WHEN 'slot' THEN num_nulls(product_id, slot_id, booking_id) = 0
        WHEN 'charge' THEN num_nonnulls(product_id, slot_id, booking_id) = 0
        ELSE false
    END);
"""

# What only journeys have goes with them; their lines in orders become goods, so that orders still add up.
DROP = """
ALTER TABLE order_lines DROP CONSTRAINT ck_order_lines_kind;
ALTER TABLE order_lines DISABLE TRIGGER USER;
UPDATE order_lines SET kind = 'goods' WHERE kind = 'travel';
ALTER TABLE order_lines ENABLE TRIGGER USER;
ALTER TABLE order_lines ADD CONSTRAINT ck_order_lines_kind CHECK (CASE kind
    WHEN 'goods' THEN product_id IS NOT NULL AND num_nonnulls(slot_id, booking_id) = 0
    WHEN 'slot' THEN num_nulls(product_id, slot_id, booking_id) = 0
    WHEN 'charge' THEN num_nonnulls(product_id, slot_id, booking_id) = 0
    ELSE false
END);
DROP TRIGGER counted_products_have_stock ON products;
CREATE TRIGGER retail_products_have_stock AFTER INSERT ON products FOR EACH ROW
    WHEN (NEW.kind = 'retail') EXECUTE FUNCTION keep_stock_of_product();
-- As those that nobody can buy, and of the kind that has prices and units.
UPDATE products SET kind = 'retail', is_active = false, supplier = NULL, country = NULL, timezone = NULL,
    starts_at = NULL, ends_at = NULL, origin = NULL, destination = NULL, origin_city = NULL,
    destination_city = NULL, cabin_class = NULL, place = NULL, room = NULL, meal = NULL, nights = NULL
WHERE kind IN ('flight', 'stay');
UPDATE products SET tax_class = 'reduced' WHERE tax_class = 'intermediate';
ALTER TABLE products
    DROP words,
    DROP search,
    ADD words text NOT NULL
        GENERATED ALWAYS AS (product_words(name, brand, tags, category, subcategory)) STORED,
    ADD search tsvector NOT NULL
        GENERATED ALWAYS AS (product_search(name, brand, tags, category, subcategory, description)) STORED,
    DROP supplier, DROP country, DROP timezone, DROP starts_at, DROP ends_at, DROP origin, DROP destination,
    DROP origin_city, DROP destination_city, DROP cabin_class, DROP place, DROP room, DROP meal, DROP nights,
    DROP CONSTRAINT ck_products_tax_class,
    ADD CONSTRAINT ck_products_tax_class CHECK (
        tax_class IN ('standard', 'reduced', 'super_reduced', 'zero', 'exempt')
    );
CREATE INDEX ix_products_search ON products USING gin (search) WITH (fastupdate = off);
CREATE INDEX ix_products_words ON products USING gin (words gin_trgm_ops) WITH (fastupdate = off);
"""


def upgrade() -> None:
    """Add them."""
    run_script(op.get_bind(), SQL)


def downgrade() -> None:
    """Drop them."""
    run_script(op.get_bind(), DROP)
