#!/bin/sh
# Puts new texts of mails and documents into the catalogue of each language, to be translated there.
set -eu
messages=backend/domains/messages
mkdir -p var
pybabel --quiet extract --mapping "$messages/babel.cfg" --keyword say --keyword count:1,2 --no-location \
  --sort-output --output var/messages.pot "$messages"
for catalog in "$messages"/catalogs/*.po; do
  language=$(basename "$catalog" .po)
  pybabel --quiet update --input-file var/messages.pot --output-file "$catalog" --locale "$language" \
    --no-fuzzy-matching --ignore-obsolete --omit-header
done
