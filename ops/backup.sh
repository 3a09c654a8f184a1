#!/bin/sh
# Writes one backup of the database into a folder and removes the oldest beyond KEEP (14).
#   POSTGRES_URL=postgresql://… sh ops/backup.sh /srv/backups
# Without POSTGRES_URL libpq's own variables (PGHOST, PGUSER, PGPASSWORD, PGDATABASE …) say where the database is;
# they keep the password out of the list of processes. It runs beside a serving product and sees one instant of it.
set -eu
umask 077
KEEP=${KEEP:-14}
stop() { echo "backup: $1" >&2; exit 1; }

[ $# -eq 1 ] || stop "say where to: sh ops/backup.sh FOLDER"
[ "$KEEP" -ge 1 ] 2> /dev/null || stop "KEEP must be a whole number from 1 on, not '$KEEP'"
command -v pg_dump > /dev/null || stop "pg_dump is not on PATH; install the PostgreSQL client of the server's version"
folder=$1
mkdir -p "$folder"
draft=$(mktemp "$folder/.climbup-XXXXXX")
trap 'rm -f "$draft"' EXIT

pg_dump --format=custom --no-owner --no-privileges --file="$draft" ${POSTGRES_URL:+"--dbname=$POSTGRES_URL"}
# A file that cannot be listed cannot be restored.
pg_restore --list "$draft" > /dev/null
file=$folder/climbup-$(date -u +%Y%m%dT%H%M%SZ).dump
[ ! -e "$file" ] || stop "$file exists already; backups are at least a second apart"
mv "$draft" "$file"

# Names hold the time, so the newest sort last.
for old in "$folder"/climbup-*.dump; do echo "$old"; done | sort -r | tail -n "+$((KEEP + 1))" |
  while IFS= read -r old; do rm -- "$old"; done
echo "backup: wrote $file ($(wc -c < "$file" | tr -d ' ') bytes)"
