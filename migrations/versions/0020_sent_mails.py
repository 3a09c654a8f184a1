"""Mails that were sent."""

from alembic import op

from backend.infra.postgres import run_script

revision = "0020"
down_revision = "0019"

SQL = """
CREATE TABLE sent_mails (
    key        text NOT NULL,
    recipient  citext NOT NULL,
    kind       text NOT NULL,
    subject_id text NOT NULL,
    refusal    text,
    at         timestamptz NOT NULL,
    CONSTRAINT pk_sent_mails PRIMARY KEY (key, recipient)
);
CREATE INDEX ix_sent_mails_subject_id ON sent_mails (subject_id);
"""


def upgrade() -> None:
    """Make it."""
    run_script(op.get_bind(), SQL)


def downgrade() -> None:
    """Drop it."""
    run_script(op.get_bind(), "DROP TABLE sent_mails;")
