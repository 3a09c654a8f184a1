"""Payout accounts: the connected account of each provider and expert at the payment gateway."""

from alembic import op

from backend.infra.postgres import run_script

revision = "0025"
down_revision = "0024"

SQL = r"""
CREATE TABLE payout_accounts (
    id              text PRIMARY KEY,
    owner           text NOT NULL,
    email           text NOT NULL,
    country         text NOT NULL,
    -- NULL while it is not known whether the gateway has made it.
    account_id      text,
    takes_transfers boolean NOT NULL,
    pays_out        boolean NOT NULL,
    requirements    jsonb NOT NULL,
    checked_at      timestamptz,
    created_at      timestamptz NOT NULL,
    CONSTRAINT uq_payout_accounts_owner UNIQUE (owner),
    CONSTRAINT uq_payout_accounts_account_id UNIQUE (account_id),
    CONSTRAINT ck_payout_accounts_owner CHECK (owner ~
        '^(provider:prv_[0-9a-z]{26}|expert:usr_[0-9a-z]{26})$'),
    CONSTRAINT ck_payout_accounts_country CHECK (country ~ '^[A-Z]{2}$'),
    CONSTRAINT ck_payout_accounts_requirements CHECK (jsonb_typeof(requirements) = 'array'),
    CONSTRAINT ck_payout_accounts_takes_transfers CHECK (account_id IS NOT NULL OR NOT takes_transfers)
);
"""


def upgrade() -> None:
    run_script(op.get_bind(), SQL)


def downgrade() -> None:
    op.execute("DROP TABLE payout_accounts")
