#!/bin/sh
# Runs a command with what lies in files in its environment, where the file is named NAME_FILE: OPENAI_API_KEY_FILE,
# CHATWOOTAI_SECRET_KEY_FILE; names that begin with CHATWOOT, CONSOLE, OPENAI or REDIS. In REDIS_URL and
# CHATWOOTAI_REDIS_SHARDS @PASSWORD@ stands for the file REDIS_PASSWORD_FILE.
# The mapping's own secrets need none of this: ${file:/run/secrets/chatwoot_1_bot_token}.
set -eu
for pair in $(env | grep -E '^(CHATWOOT|CONSOLE|OPENAI|REDIS)[A-Z0-9_]*_FILE=' || true); do
  name=${pair%%=*}
  file=${pair#*=}
  [ -n "$file" ] || continue
  value=$(cat "$file") || exit 2
  export "${name%_FILE}=$value"
done
if [ -n "${REDIS_PASSWORD:-}" ] && [ -n "${REDIS_URL:-}${CHATWOOTAI_REDIS_SHARDS:-}" ]; then
  case $REDIS_PASSWORD in
    *[!A-Za-z0-9_.~-]*) echo "REDIS_PASSWORD: letters, digits and _ . ~ - only" >&2; exit 2 ;;
  esac
  REDIS_URL=$(printf %s "${REDIS_URL:-}" | sed "s/@PASSWORD@/$REDIS_PASSWORD/g")
  CHATWOOTAI_REDIS_SHARDS=$(printf %s "${CHATWOOTAI_REDIS_SHARDS:-}" | sed "s/@PASSWORD@/$REDIS_PASSWORD/g")
  export REDIS_URL CHATWOOTAI_REDIS_SHARDS
  unset REDIS_PASSWORD
fi
exec "$@"
