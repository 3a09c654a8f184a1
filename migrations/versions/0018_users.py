"""Preferences of users, VAT numbers of businesses, and who set a loyalty tier."""

from alembic import op

from backend.infra.postgres import run_script

revision = "0018"
down_revision = "0017"

SQL = """
ALTER TABLE users
    ADD loyalty_set_by text,
    ADD vat_id text,
    ADD CONSTRAINT ck_users_vat_id CHECK (vat_id ~ '^[A-Z]{2}[A-Z0-9+*]{2,13}$');

CREATE TABLE user_preferences (
    user_id       text PRIMARY KEY,
    categories    text[] NOT NULL,
    brands        text[] NOT NULL,
    currency      text,
    minimum_minor bigint,
    maximum_minor bigint,
    version       integer NOT NULL,
    CONSTRAINT fk_user_preferences_user_id FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT ck_user_preferences_currency CHECK (
        currency ~ '^[A-Z]{3}$'
        AND (currency IS NOT NULL) = (num_nonnulls(minimum_minor, maximum_minor) > 0)
    ),
    CONSTRAINT ck_user_preferences_range CHECK (minimum_minor >= 0 AND maximum_minor >= coalesce(minimum_minor, 0)),
    CONSTRAINT ck_user_preferences_version CHECK (version >= 1)
);
"""

DROP = """
DROP TABLE user_preferences;
ALTER TABLE users DROP loyalty_set_by, DROP vat_id;
"""


def upgrade() -> None:
    """Make them."""
    run_script(op.get_bind(), SQL)


def downgrade() -> None:
    """Drop them."""
    run_script(op.get_bind(), DROP)
