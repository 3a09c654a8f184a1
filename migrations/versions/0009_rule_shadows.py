"""Shadows: drafts of the rules that are evaluated beside live quotes, and what was found."""

from alembic import op

from backend.infra.postgres import run_script

revision = "0009"
down_revision = "0008"

SQL = """
CREATE TABLE rule_shadows (
    id              text PRIMARY KEY,
    version         text NOT NULL,
    sources         jsonb NOT NULL,
    -- The percentage of quotes that are compared.
    sample          numeric(5, 2) NOT NULL,
    -- The id of a user, or 'cli'.
    author          text NOT NULL,
    note            text NOT NULL,
    started_at      timestamptz NOT NULL,
    ends_at         timestamptz NOT NULL,
    stopped_at      timestamptz,
    stopped_because text,
    CONSTRAINT ck_rule_shadows_sample CHECK (sample > 0 AND sample <= 100),
    CONSTRAINT ck_rule_shadows_note CHECK (note <> ''),
    CONSTRAINT ck_rule_shadows_ends_at CHECK (ends_at > started_at),
    CONSTRAINT ck_rule_shadows_stopped CHECK ((stopped_at IS NULL) = (stopped_because IS NULL))
);
-- One at a time.
CREATE UNIQUE INDEX uq_rule_shadows_running ON rule_shadows ((stopped_at IS NULL)) WHERE stopped_at IS NULL;
CREATE INDEX ix_rule_shadows_started_at ON rule_shadows (started_at);

-- One row a process, written over with all that it found so far: storing it twice changes nothing.
CREATE TABLE rule_shadow_tallies (
    shadow_id text NOT NULL REFERENCES rule_shadows (id),
    process   text NOT NULL,
    tally     jsonb NOT NULL,
    stored_at timestamptz NOT NULL,
    PRIMARY KEY (shadow_id, process)
);
"""


def upgrade() -> None:
    """Make them."""
    run_script(op.get_bind(), SQL)


def downgrade() -> None:
    """Drop them."""
    run_script(op.get_bind(), "DROP TABLE rule_shadow_tallies, rule_shadows;")
