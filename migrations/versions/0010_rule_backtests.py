"""Back-tests that somebody asked for, with their drafts and results."""

from alembic import op

from backend.infra.postgres import run_script

revision = "0010"
down_revision = "0009"

SQL = """
CREATE TABLE rule_backtests (
    id             text PRIMARY KEY,
    state          text NOT NULL,
    author         text NOT NULL,
    before_version text NOT NULL REFERENCES rule_releases (version),
    after_version  text NOT NULL,
    sources        jsonb NOT NULL,
    by             jsonb NOT NULL,
    starts_at      timestamptz NOT NULL,
    ends_at        timestamptz NOT NULL,
    done           integer NOT NULL,
    total          integer NOT NULL,
    result         jsonb,
    problem        text,
    created_at     timestamptz NOT NULL,
    finished_at    timestamptz,
    CONSTRAINT ck_rule_backtests_state CHECK (state IN ('waiting', 'running', 'done', 'failed', 'cancelled')),
    CONSTRAINT ck_rule_backtests_period CHECK (starts_at < ends_at),
    CONSTRAINT ck_rule_backtests_result CHECK ((state = 'done') = (result IS NOT NULL)),
    CONSTRAINT ck_rule_backtests_problem CHECK ((state = 'failed') = (problem IS NOT NULL)),
    CONSTRAINT ck_rule_backtests_finished CHECK ((state IN ('waiting', 'running')) = (finished_at IS NULL))
);
"""


def upgrade() -> None:
    """Make it."""
    run_script(op.get_bind(), SQL)


def downgrade() -> None:
    """Drop it."""
    run_script(op.get_bind(), "DROP TABLE rule_backtests;")
