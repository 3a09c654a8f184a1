"""Users."""

from alembic import op

from backend.infra.postgres import run_script

revision = "0002"
down_revision = "0001"

SQL = """
CREATE TABLE users (
    id            text PRIMARY KEY,
    email         citext NOT NULL,
    password_hash text,
    name          text NOT NULL,
    roles         text[] NOT NULL DEFAULT '{customer}',
    locale        text NOT NULL DEFAULT 'en',
    country       text,
    loyalty_tier  text NOT NULL DEFAULT 'none',
    created_at    timestamptz NOT NULL,
    CONSTRAINT uq_users_email UNIQUE (email),
    CONSTRAINT ck_users_id CHECK (id LIKE 'usr\\_%'),
    CONSTRAINT ck_users_email CHECK (email LIKE '_%@_%' AND length(email) <= 254),
    CONSTRAINT ck_users_name CHECK (length(name) BETWEEN 1 AND 200),
    CONSTRAINT ck_users_roles CHECK (
        cardinality(roles) BETWEEN 1 AND 7 AND array_position(roles, NULL) IS NULL AND roles <@ ARRAY[
            'customer', 'provider', 'expert', 'analyst', 'rule_editor', 'support', 'admin']
    ),
    CONSTRAINT ck_users_locale CHECK (locale ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$' AND length(locale) <= 35),
    CONSTRAINT ck_users_country CHECK (country ~ '^[A-Z]{2}$'),
    CONSTRAINT ck_users_loyalty_tier CHECK (loyalty_tier ~ '^[a-z][a-z0-9_]{0,39}$')
);
"""


def upgrade() -> None:
    """Make the table."""
    run_script(op.get_bind(), SQL)


def downgrade() -> None:
    """Drop it, and every user with it."""
    run_script(op.get_bind(), "DROP TABLE users;")
