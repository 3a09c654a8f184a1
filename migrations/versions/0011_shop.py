"""Retail products: what a shop says of them, full-text search, stock as a locked counter, price history."""

from alembic import op

from backend.infra.postgres import run_script

revision = "0011"
down_revision = "0010"

SQL = r"""
CREATE EXTENSION IF NOT EXISTS unaccent;

-- unaccent() is only STABLE, as its dictionary may be replaced; ours is the one that it came with.
CREATE FUNCTION plain_text(words text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS
    $$ SELECT lower(public.unaccent('public.unaccent'::regdictionary, words)) $$;
CREATE FUNCTION product_words(name text, brand text, tags text[], category text, subcategory text)
    RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT public.plain_text(concat_ws(' ', name, brand, array_to_string(tags, ' '),
        replace(category, '-', ' '), replace(subcategory, '-', ' ')))
$$;
CREATE FUNCTION product_search(
    name text, brand text, tags text[], category text, subcategory text, description text
) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT setweight(to_tsvector('pg_catalog.english', public.plain_text(name)), 'A')
        || setweight(to_tsvector('pg_catalog.english',
               public.product_words('', brand, tags, category, subcategory)), 'B')
        || setweight(to_tsvector('pg_catalog.english', public.plain_text(description)), 'D')
$$;

ALTER TABLE categories ADD CONSTRAINT uq_categories_slug_parent UNIQUE (slug, parent);

ALTER TABLE products
    ALTER provider_id DROP NOT NULL,
    ALTER duration_minutes DROP NOT NULL,
    ADD subcategory          text,
    ADD brand                text,
    ADD images               text[] NOT NULL DEFAULT '{}',
    ADD specifications       jsonb NOT NULL DEFAULT '{}',
    ADD tags                 text[] NOT NULL DEFAULT '{}',
    ADD original_price_minor bigint,
    ADD was_price_minor      bigint,
    ADD reduced_since        timestamptz,
    ADD priced_at            timestamptz,
    ADD priced_by            text,
    ADD rating               numeric(2, 1) NOT NULL DEFAULT 0,
    ADD review_count         integer NOT NULL DEFAULT 0,
    ADD is_featured          boolean NOT NULL DEFAULT false,
    ADD weight_grams         integer,
    ADD tax_class            text NOT NULL DEFAULT 'standard',
    -- Where it stands in the tree, and what it is sorted and found by.
    ADD filed_under text NOT NULL GENERATED ALWAYS AS (COALESCE(subcategory, category)) STORED,
    ADD name_key    text COLLATE "C" NOT NULL GENERATED ALWAYS AS (plain_text(name)) STORED,
    ADD words       text NOT NULL
        GENERATED ALWAYS AS (product_words(name, brand, tags, category, subcategory)) STORED,
    ADD search      tsvector NOT NULL
        GENERATED ALWAYS AS (product_search(name, brand, tags, category, subcategory, description)) STORED;
UPDATE products SET priced_at = created_at;
ALTER TABLE products
    ALTER priced_at SET NOT NULL,
    DROP CONSTRAINT ck_products_kind,
    DROP CONSTRAINT ck_products_price_per,
    ADD CONSTRAINT fk_products_subcategory_category FOREIGN KEY (subcategory, category)
        REFERENCES categories (slug, parent),
    ADD CONSTRAINT ck_products_kind CHECK (kind IN ('slot', 'stay', 'flight', 'retail', 'external')),
    ADD CONSTRAINT ck_products_slot CHECK (
        kind <> 'slot' OR (provider_id IS NOT NULL AND duration_minutes IS NOT NULL AND price_per <> 'unit'
            AND weight_grams IS NULL)
    ),
    ADD CONSTRAINT ck_products_retail CHECK (
        kind <> 'retail' OR (duration_minutes IS NULL AND slot_step_minutes IS NULL AND price_per = 'unit')
    ),
    ADD CONSTRAINT ck_products_currency CHECK (currency ~ '^[A-Z]{3}$'),
    ADD CONSTRAINT ck_products_price_per CHECK (price_per IN ('booking', 'person', 'unit')),
    ADD CONSTRAINT ck_products_brand CHECK (length(brand) BETWEEN 1 AND 100),
    ADD CONSTRAINT ck_products_images CHECK (cardinality(images) <= 20),
    ADD CONSTRAINT ck_products_specifications CHECK (jsonb_typeof(specifications) = 'object'),
    ADD CONSTRAINT ck_products_tags CHECK (cardinality(tags) <= 20),
    ADD CONSTRAINT ck_products_original_price_minor CHECK (original_price_minor BETWEEN 0 AND 1000000000000),
    ADD CONSTRAINT ck_products_was_price_minor CHECK (
        (was_price_minor IS NULL) = (reduced_since IS NULL) AND was_price_minor > price_minor
    ),
    ADD CONSTRAINT ck_products_rating CHECK (rating BETWEEN 0 AND 5 AND (rating = 0 OR review_count > 0)),
    ADD CONSTRAINT ck_products_review_count CHECK (review_count >= 0),
    ADD CONSTRAINT ck_products_weight_grams CHECK (weight_grams BETWEEN 0 AND 10000000),
    ADD CONSTRAINT ck_products_tax_class CHECK (
        tax_class IN ('standard', 'reduced', 'super_reduced', 'zero', 'exempt')
    );
DROP INDEX ix_products_category_id;
CREATE INDEX ix_products_filed_under_id ON products (filed_under, id);
CREATE INDEX ix_products_currency_price_minor_id ON products (currency, price_minor, id);
CREATE INDEX ix_products_rating_review_count_id ON products (rating, review_count, id);
CREATE INDEX ix_products_is_featured_rating_review_count_id
    ON products (is_featured, rating, review_count, id);
CREATE INDEX ix_products_name_key_id ON products (name_key, id);
CREATE INDEX ix_products_brand_id ON products (brand, id);
CREATE INDEX ix_products_tags ON products USING gin (tags);
-- Products are searched far more often than written: nothing waits in a list beside these.
CREATE INDEX ix_products_search ON products USING gin (search) WITH (fastupdate = off);
CREATE INDEX ix_products_words ON products USING gin (words gin_trgm_ops) WITH (fastupdate = off);

-- Every price that a product ever had; no program that changes a price can forget it.
CREATE TABLE product_prices (
    number      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    product_id  text NOT NULL,
    price_minor bigint NOT NULL,
    currency    text NOT NULL,
    valid_from  timestamptz NOT NULL,
    set_by      text,
    CONSTRAINT fk_product_prices_product_id FOREIGN KEY (product_id) REFERENCES products (id)
);
CREATE INDEX ix_product_prices_product_id_number ON product_prices (product_id, number);
INSERT INTO product_prices (product_id, price_minor, currency, valid_from)
    SELECT id, price_minor, currency, created_at FROM products ORDER BY id;
CREATE TRIGGER product_prices_are_append_only BEFORE UPDATE OR DELETE ON product_prices
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE FUNCTION keep_product_price() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO product_prices (product_id, price_minor, currency, valid_from, set_by)
    VALUES (NEW.id, NEW.price_minor, NEW.currency, NEW.priced_at, NEW.priced_by);
    RETURN NULL;
END $$;
CREATE TRIGGER products_keep_their_first_price AFTER INSERT ON products
    FOR EACH ROW EXECUTE FUNCTION keep_product_price();
CREATE TRIGGER products_keep_their_prices AFTER UPDATE ON products FOR EACH ROW
    WHEN (OLD.price_minor <> NEW.price_minor OR OLD.currency <> NEW.currency)
    EXECUTE FUNCTION keep_product_price();

-- The units of a retail product: its row is the product's lock, and the sum of its movements.
CREATE TABLE stock_levels (
    product_id text PRIMARY KEY,
    on_hand    integer NOT NULL,
    reserved   integer NOT NULL,
    version    integer NOT NULL,
    CONSTRAINT fk_stock_levels_product_id FOREIGN KEY (product_id) REFERENCES products (id),
    CONSTRAINT ck_stock_levels_reserved CHECK (0 <= reserved AND reserved <= on_hand),
    CONSTRAINT ck_stock_levels_on_hand CHECK (on_hand <= 1000000000)
);
CREATE FUNCTION keep_stock_of_product() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO stock_levels (product_id, on_hand, reserved, version) VALUES (NEW.id, 0, 0, 0);
    RETURN NULL;
END $$;
CREATE TRIGGER retail_products_have_stock AFTER INSERT ON products FOR EACH ROW
    WHEN (NEW.kind = 'retail') EXECUTE FUNCTION keep_stock_of_product();

CREATE TABLE stock_movements (
    number          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    product_id      text NOT NULL,
    why             text NOT NULL,
    on_hand_change  integer NOT NULL,
    reserved_change integer NOT NULL,
    at              timestamptz NOT NULL,
    -- Of an order, for example; NULL for what staff do.
    reference       text,
    actor_id        text,
    reason          text NOT NULL,
    CONSTRAINT fk_stock_movements_product_id FOREIGN KEY (product_id) REFERENCES stock_levels (product_id),
    CONSTRAINT ck_stock_movements_why CHECK (CASE why
        WHEN 'received' THEN on_hand_change > 0 AND reserved_change = 0
        WHEN 'returned' THEN on_hand_change > 0 AND reserved_change = 0
        WHEN 'corrected' THEN on_hand_change <> 0 AND reserved_change = 0
        WHEN 'reserved' THEN on_hand_change = 0 AND reserved_change > 0
        WHEN 'released' THEN on_hand_change = 0 AND reserved_change < 0
        WHEN 'sold' THEN on_hand_change < 0 AND reserved_change = on_hand_change
        ELSE false
    END)
);
CREATE INDEX ix_stock_movements_product_id_number ON stock_movements (product_id, number);
CREATE INDEX ix_stock_movements_reference_number ON stock_movements (reference, number);
CREATE TRIGGER stock_movements_are_append_only BEFORE UPDATE OR DELETE ON stock_movements
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE FUNCTION count_stock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE stock_levels SET on_hand = on_hand + NEW.on_hand_change,
        reserved = reserved + NEW.reserved_change, version = version + 1
    WHERE product_id = NEW.product_id;
    RETURN NULL;
END $$;
CREATE TRIGGER stock_movements_are_counted AFTER INSERT ON stock_movements
    FOR EACH ROW EXECUTE FUNCTION count_stock();

-- What is reserved now, and until when; `lines` tells how many rows the reservation was made of.
CREATE TABLE stock_reservations (
    reference  text NOT NULL,
    product_id text NOT NULL,
    quantity   integer NOT NULL,
    lines      integer NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (reference, product_id),
    CONSTRAINT fk_stock_reservations_product_id FOREIGN KEY (product_id) REFERENCES stock_levels (product_id),
    CONSTRAINT ck_stock_reservations_quantity CHECK (quantity > 0),
    CONSTRAINT ck_stock_reservations_lines CHECK (lines > 0)
);
CREATE INDEX ix_stock_reservations_product_id_expires_at ON stock_reservations (product_id, expires_at);
CREATE INDEX ix_stock_reservations_expires_at ON stock_reservations (expires_at);
"""

# Slots stay; what only the shop sold goes.
DROP = """
DROP TABLE stock_reservations;
DROP TABLE stock_movements;
DROP FUNCTION count_stock();
DROP TABLE stock_levels;
DROP TRIGGER retail_products_have_stock ON products;
DROP FUNCTION keep_stock_of_product();
DROP TABLE product_prices;
DROP TRIGGER products_keep_their_prices ON products;
DROP TRIGGER products_keep_their_first_price ON products;
DROP FUNCTION keep_product_price();
DELETE FROM products WHERE kind <> 'slot';
DROP INDEX ix_products_rating_review_count_id;
DROP INDEX ix_products_currency_price_minor_id;
ALTER TABLE products
    DROP filed_under, DROP name_key, DROP words, DROP search, DROP subcategory, DROP brand, DROP images,
    DROP specifications, DROP tags, DROP original_price_minor, DROP was_price_minor, DROP reduced_since,
    DROP priced_at, DROP priced_by, DROP rating, DROP review_count, DROP is_featured, DROP weight_grams,
    DROP tax_class, DROP CONSTRAINT ck_products_kind, DROP CONSTRAINT ck_products_price_per,
    DROP CONSTRAINT ck_products_currency,
    DROP CONSTRAINT IF EXISTS ck_products_slot, DROP CONSTRAINT IF EXISTS ck_products_retail,
    ADD CONSTRAINT ck_products_kind CHECK (kind = 'slot'),
    ADD CONSTRAINT ck_products_price_per CHECK (price_per IN ('booking', 'person')),
    ALTER provider_id SET NOT NULL, ALTER duration_minutes SET NOT NULL;
CREATE INDEX ix_products_category_id ON products (category, id);
ALTER TABLE categories DROP CONSTRAINT uq_categories_slug_parent;
DROP FUNCTION product_search(text, text, text[], text, text, text);
DROP FUNCTION product_words(text, text, text[], text, text);
DROP FUNCTION plain_text(text);
DROP EXTENSION unaccent;
"""


def upgrade() -> None:
    """Make them."""
    run_script(op.get_bind(), SQL)


def downgrade() -> None:
    """Drop them."""
    run_script(op.get_bind(), DROP)
