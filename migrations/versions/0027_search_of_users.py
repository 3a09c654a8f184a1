"""Find users by a part of their name or address without reading them all."""

from alembic import op

from backend.infra.postgres import run_script

revision = "0027"
down_revision = "0026"

SQL = """
CREATE INDEX ix_users_name_email ON users USING gin (name gin_trgm_ops, (email::text) gin_trgm_ops)
    WITH (fastupdate = off);
"""


def upgrade() -> None:
    """Index them."""
    run_script(op.get_bind(), SQL)


def downgrade() -> None:
    """Drop the index."""
    run_script(op.get_bind(), "DROP INDEX ix_users_name_email;")
