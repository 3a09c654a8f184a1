#!/bin/sh
# Puts new texts of mails, documents and answers into the catalogue of each language, to be translated there.
set -eu
catalogs=backend/infra/wording/catalogs
mkdir -p var
pybabel --quiet extract --mapping "$catalogs/babel.cfg" --keyword say --keyword count:1,2 --no-location \
  --sort-output --output var/messages.pot \
  backend/domains/messages backend/domains/bargain backend/infra/wording
for catalog in "$catalogs"/*.po; do
  language=$(basename "$catalog" .po)
  pybabel --quiet update --input-file var/messages.pot --output-file "$catalog" --locale "$language" \
    --no-fuzzy-matching --ignore-obsolete --omit-header
done
