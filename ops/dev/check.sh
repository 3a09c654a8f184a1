#!/bin/sh
# What must hold before a commit lands. Each line names what it looks at; the first failure stops.
set -eu
step() { printf 'check: %s\n' "$1"; }

step "style (ruff)"
ruff check --quiet .
ruff format --check --quiet .
step "types (mypy)"
mypy --no-error-summary
step "architecture (import-linter)"
lint-imports --no-cache > /dev/null || { lint-imports --no-cache; exit 1; }
step "yaml (yamllint)"
yamllint --strict rules k8s ops docker-compose.yml render.yaml .pre-commit-config.yaml .yamllint.yaml
step "deployment files (kubernetes-validate, compose schema, hadolint)"
kubernetes-validate --strict --quiet --no-warn k8s/*.yaml
check-jsonschema --quiet --builtin-schema vendor.compose-spec docker-compose.yml
hadolint Dockerfile
step "rule files (JSON schemas)"
for file in rules/*.yaml; do
  case "$file" in
    rules/vocabulary.yaml) schema=rules/vocabulary.schema.json ;;
    *) schema=rules/schema.json ;;
  esac
  check-jsonschema --quiet --schemafile "$schema" "$file"
done
echo "check: all good"
