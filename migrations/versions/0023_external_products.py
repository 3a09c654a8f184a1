"""What partners sell: who they are, and the address of their page."""

from alembic import op

from backend.infra.postgres import run_script

revision = "0023"
down_revision = "0022"

SQL = r"""
ALTER TABLE products
    ADD partner      text,
    ADD external_url text,
    ADD CONSTRAINT ck_products_partner CHECK (length(partner) BETWEEN 1 AND 60),
    ADD CONSTRAINT ck_products_external_url CHECK (
        external_url ~ '^https://[A-Za-z0-9.-]+([/?#][!-~]*)?$' AND length(external_url) <= 2000
    ),
    ADD CONSTRAINT ck_products_external CHECK (CASE kind
        WHEN 'external' THEN partner IS NOT NULL AND external_url IS NOT NULL
            AND num_nonnulls(provider_id, duration_minutes, slot_step_minutes, cost_minor, weight_grams) = 0
        ELSE num_nonnulls(partner, external_url) = 0
    END);
CREATE INDEX ix_products_partner_id ON products (partner, id);
"""

# What they sold is sold nowhere else.
DROP = """
ALTER TABLE product_prices DISABLE TRIGGER USER;
DELETE FROM product_prices WHERE product_id IN (SELECT id FROM products WHERE kind = 'external');
ALTER TABLE product_prices ENABLE TRIGGER USER;
DELETE FROM products WHERE kind = 'external';
ALTER TABLE products DROP partner, DROP external_url;
"""


def upgrade() -> None:
    """Add them."""
    run_script(op.get_bind(), SQL)


def downgrade() -> None:
    """Drop them."""
    run_script(op.get_bind(), DROP)
