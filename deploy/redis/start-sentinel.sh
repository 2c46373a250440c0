#!/bin/sh
# Starts one sentinel. Its file is its memory: it is made once, from what the other sentinels say, and lies on a volume;
# passwords, names and users are put in anew at each start.
set -eu
. "$(dirname "$0")/common.sh"

KEPT=$DATA/sentinel.conf

if [ ! -s "$KEPT" ]; then
  at=$(primary) || at=$REDIS_FIRST
  sed "s/@service@/$REDIS_SERVICE/g;s/@primary@/${at%:*} ${at##*:}/" "$HERE/sentinel.conf" > "$KEPT.new"
  mv "$KEPT.new" "$KEPT"
fi
mkdir -p "$RUN"
filled "$HERE/sentinel-users.acl" redis_password redis_sentinel_password > "$RUN/users.acl"
password=$(secret redis_sentinel_password)
own='^(port|dir|aclfile|user|sentinel (announce-ip|announce-port|auth-user|auth-pass|sentinel-user|sentinel-pass)) '
{
  grep -Ev "$own" "$KEPT"
  echo "port ${REDIS_SELF##*:}"
  echo "dir $DATA"
  echo "aclfile $RUN/users.acl"
  echo "sentinel announce-ip ${REDIS_SELF%:*}"
  echo "sentinel announce-port ${REDIS_SELF##*:}"
  echo "sentinel auth-user $REDIS_SERVICE sentinel"
  echo "sentinel auth-pass $REDIS_SERVICE $password"
  echo "sentinel sentinel-user sentinel"
  echo "sentinel sentinel-pass $password"
} > "$KEPT.new"
mv "$KEPT.new" "$KEPT"
exec redis-server "$KEPT" --sentinel
