#!/bin/sh
# Restores a backup into an empty database, whole or not at all.
#   POSTGRES_URL=postgresql://… sh ops/restore.sh /srv/backups/climbup-20261207T090000Z.dump
# Make the database first (`createdb`); bring it to the present schema afterwards (`flask db upgrade`).
set -eu
stop() { echo "restore: $1" >&2; exit 1; }

[ $# -eq 1 ] || stop "say which backup: sh ops/restore.sh FILE"
[ -r "$1" ] || stop "there is no readable file $1"
command -v pg_restore > /dev/null || stop "pg_restore is not on PATH; install the PostgreSQL client"
pg_restore --list "$1" > /dev/null 2>&1 || stop "$1 is damaged or no backup"

count="SELECT count(*) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
tables=$(psql --no-psqlrc --tuples-only --no-align --command="$count" ${POSTGRES_URL:+"--dbname=$POSTGRES_URL"})
[ "$tables" = 0 ] || stop "the database holds $tables tables already; restore into an empty one"

pg_restore --exit-on-error --single-transaction --no-owner --no-privileges --no-comments \
  --dbname="${POSTGRES_URL:-${PGDATABASE:-}}" "$1"
echo "restore: done; now bring the schema up to date: flask db upgrade"
