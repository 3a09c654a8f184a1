#!/bin/sh
# Pins requirements*.in for every supported Python in one file each, with hashes and no word on where from.
set -eu
for name in requirements-prod requirements requirements-durable requirements-dask requirements-dev; do
  uv pip compile --universal --python-version 3.11 --generate-hashes --quiet --no-header \
    --no-emit-index-url --no-emit-find-links "$name.in" -o "$name.txt"
done
