"""Categories, providers and products."""

from alembic import op

from backend.infra.postgres import run_script

revision = "0003"
down_revision = "0002"

SQL = r"""
CREATE TABLE categories (
    slug      text PRIMARY KEY,
    name      text NOT NULL,
    parent    text,
    position  integer NOT NULL DEFAULT 0,
    is_active boolean NOT NULL DEFAULT true,
    version   integer NOT NULL DEFAULT 1,
    CONSTRAINT fk_categories_parent FOREIGN KEY (parent) REFERENCES categories (slug),
    CONSTRAINT ck_categories_slug CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(slug) <= 60),
    CONSTRAINT ck_categories_name CHECK (length(name) BETWEEN 1 AND 200),
    CONSTRAINT ck_categories_parent CHECK (parent <> slug),
    CONSTRAINT ck_categories_version CHECK (version >= 1)
);

CREATE TABLE providers (
    id               text PRIMARY KEY,
    user_id          text,
    name             text NOT NULL,
    category         text NOT NULL,
    experience_years integer NOT NULL,
    timezone         text NOT NULL,
    currency         text NOT NULL,
    is_active        boolean NOT NULL DEFAULT true,
    created_at       timestamptz NOT NULL,
    version          integer NOT NULL DEFAULT 1,
    -- What the key of products points at: a provider has all its prices in one currency.
    CONSTRAINT uq_providers_id_currency UNIQUE (id, currency),
    CONSTRAINT fk_providers_user_id FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT fk_providers_category FOREIGN KEY (category) REFERENCES categories (slug),
    CONSTRAINT ck_providers_id CHECK (id LIKE 'prv\_%'),
    CONSTRAINT ck_providers_name CHECK (length(name) BETWEEN 1 AND 200),
    CONSTRAINT ck_providers_experience_years CHECK (experience_years BETWEEN 0 AND 100),
    CONSTRAINT ck_providers_timezone CHECK (length(timezone) BETWEEN 1 AND 64),
    CONSTRAINT ck_providers_currency CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT ck_providers_version CHECK (version >= 1)
);
CREATE INDEX ix_providers_category_id ON providers (category, id);
CREATE INDEX ix_providers_user_id ON providers (user_id);

CREATE TABLE products (
    id                text PRIMARY KEY,
    kind              text NOT NULL,
    name              text NOT NULL,
    description       text NOT NULL DEFAULT '',
    provider_id       text NOT NULL,
    category          text NOT NULL,
    duration_minutes  integer NOT NULL,
    slot_step_minutes integer,
    price_minor       bigint NOT NULL,
    cost_minor        bigint,
    currency          text NOT NULL,
    price_per         text NOT NULL,
    max_party         integer NOT NULL,
    is_active         boolean NOT NULL DEFAULT true,
    created_at        timestamptz NOT NULL,
    version           integer NOT NULL DEFAULT 1,
    -- What the key of allocations points at: seats are taken from the product's own provider.
    CONSTRAINT uq_products_id_provider_id UNIQUE (id, provider_id),
    CONSTRAINT fk_products_provider_id_currency FOREIGN KEY (provider_id, currency)
        REFERENCES providers (id, currency),
    CONSTRAINT fk_products_category FOREIGN KEY (category) REFERENCES categories (slug),
    CONSTRAINT ck_products_id CHECK (id LIKE 'prd\_%'),
    CONSTRAINT ck_products_kind CHECK (kind = 'slot'),
    CONSTRAINT ck_products_name CHECK (length(name) BETWEEN 1 AND 200),
    CONSTRAINT ck_products_description CHECK (length(description) <= 5000),
    CONSTRAINT ck_products_duration_minutes CHECK (duration_minutes BETWEEN 1 AND 10080),
    CONSTRAINT ck_products_slot_step_minutes CHECK (slot_step_minutes BETWEEN 1 AND 10080),
    CONSTRAINT ck_products_price_minor CHECK (price_minor BETWEEN 0 AND 1000000000000),
    CONSTRAINT ck_products_cost_minor CHECK (cost_minor BETWEEN 0 AND 1000000000000),
    CONSTRAINT ck_products_price_per CHECK (price_per IN ('booking', 'person')),
    CONSTRAINT ck_products_max_party CHECK (max_party BETWEEN 1 AND 10000),
    CONSTRAINT ck_products_version CHECK (version >= 1)
);
CREATE INDEX ix_products_provider_id ON products (provider_id, id);
CREATE INDEX ix_products_category_id ON products (category, id);
"""


def upgrade() -> None:
    """Make the tables."""
    run_script(op.get_bind(), SQL)


def downgrade() -> None:
    """Drop them."""
    run_script(op.get_bind(), "DROP TABLE products; DROP TABLE providers; DROP TABLE categories;")
