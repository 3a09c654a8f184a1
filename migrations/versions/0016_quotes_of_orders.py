"""Quotes of whole orders beside those of slots."""

from alembic import op

from backend.infra.postgres import run_script

revision = "0016"
down_revision = "0015"

SQL = """
ALTER TABLE quotes
    ALTER product_id DROP NOT NULL,
    ALTER provider_id DROP NOT NULL,
    ALTER slot_id DROP NOT NULL,
    ALTER party DROP NOT NULL,
    -- What was wanted, of an order: items, coupons, shipping, currency.
    ADD COLUMN wanted jsonb,
    ADD CONSTRAINT ck_quotes_slot_or_order CHECK (
        num_nonnulls(product_id, provider_id, slot_id, party) = CASE WHEN wanted IS NULL THEN 4 ELSE 0 END
    );
"""


def upgrade() -> None:
    """Make room for them."""
    run_script(op.get_bind(), SQL)


def downgrade() -> None:
    """Drop them."""
    run_script(
        op.get_bind(),
        """
        DELETE FROM quotes WHERE wanted IS NOT NULL;
        ALTER TABLE quotes
            DROP COLUMN wanted,
            ALTER product_id SET NOT NULL,
            ALTER provider_id SET NOT NULL,
            ALTER slot_id SET NOT NULL,
            ALTER party SET NOT NULL;
        """,
    )
