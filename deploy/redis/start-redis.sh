#!/bin/sh
# Starts one Redis of the set: as a replica of whom the sentinels call primary. A server that was primary, died, and came
# back as one by itself would take writes that are lost when the sentinels see it.
set -eu
. "$(dirname "$0")/common.sh"

WAIT=${REDIS_WAIT_SECONDS:-30}   # for a sentinel, where there is something to lose

# A set that was never started has no sentinels to ask, and nothing to lose.
asked=0
until at=$(primary); do
  [ -d "$DATA/appendonlydir" ] && [ "$asked" -lt "$WAIT" ] || break
  asked=$((asked + 1))
  sleep 1
done
at=${at:-$REDIS_FIRST}

mkdir -p "$RUN"
filled "$HERE/users.acl" redis_password redis_replica_password redis_sentinel_password > "$RUN/users.acl"
replica_password=$(secret redis_replica_password)
{
  cat "$HERE/redis.conf"
  echo "port ${REDIS_SELF##*:}"
  echo "dir $DATA"
  echo "aclfile $RUN/users.acl"
  echo "masterauth $replica_password"
  echo "replica-announce-ip ${REDIS_SELF%:*}"
  echo "replica-announce-port ${REDIS_SELF##*:}"
  [ -z "${REDIS_MAXMEMORY:-}" ] || echo "maxmemory $REDIS_MAXMEMORY"
  [ -z "${REDIS_MIN_REPLICAS:-}" ] || echo "min-replicas-to-write $REDIS_MIN_REPLICAS"
  [ "$at" = "$REDIS_SELF" ] || echo "replicaof ${at%:*} ${at##*:}"
} > "$RUN/redis.conf"   # not kept: whom to follow is asked anew at each start
echo "$REDIS_SELF starts; the primary is $at"
exec redis-server "$RUN/redis.conf"
