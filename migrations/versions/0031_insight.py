"""Behaviour about products, and what is learned from it and from bargains."""

from alembic import op

from backend.infra.postgres import run_script

revision = "0031"
down_revision = "0030"

SQL = """
ALTER TABLE events ADD COLUMN product_id text GENERATED ALWAYS AS (data ->> 'product_id') STORED;
-- Counting the people interested in a product reads nothing but this.
CREATE INDEX ix_events_product_id ON events (product_id, at DESC) INCLUDE (id, name, user_id)
    WHERE product_id IS NOT NULL;

CREATE TABLE conversion_models (
    version  bigint NOT NULL,
    document jsonb NOT NULL,
    cases    integer NOT NULL,
    made_at  timestamptz NOT NULL,
    CONSTRAINT pk_conversion_models PRIMARY KEY (version),
    CONSTRAINT ck_conversion_models_cases CHECK (cases >= 0)
);

CREATE TABLE demand_models (
    version  bigint NOT NULL,
    scope    text NOT NULL,
    document jsonb NOT NULL,
    sessions double precision NOT NULL,
    made_at  timestamptz NOT NULL,
    CONSTRAINT pk_demand_models PRIMARY KEY (version, scope),
    CONSTRAINT ck_demand_models_scope CHECK (scope = 'all' OR scope ~ '^(category|product):.'),
    CONSTRAINT ck_demand_models_sessions CHECK (sessions >= 0)
);
"""


def upgrade() -> None:
    """Make them."""
    run_script(op.get_bind(), SQL)


def downgrade() -> None:
    """Drop them."""
    run_script(op.get_bind(), "DROP TABLE demand_models, conversion_models; ALTER TABLE events DROP COLUMN product_id;")
