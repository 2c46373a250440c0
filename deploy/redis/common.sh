# What start-redis.sh and start-sentinel.sh share. Variables, all with a default but the first two:
#   REDIS_SELF       name:port of this process, as all others reach it; never an address, which changes
#   REDIS_SENTINELS  name:port of each sentinel, separated by blanks
#   REDIS_FIRST      who is primary as long as no sentinel says otherwise
#   REDIS_SERVICE    what the sentinels call the set
#   SECRETS, DATA, RUN   folders: the passwords, what is kept, what may be forgotten

: "${REDIS_SELF:?name:port of this process}" "${REDIS_SENTINELS:?name:port of each sentinel}"
REDIS_FIRST=${REDIS_FIRST:-redis-1:6379}
REDIS_SERVICE=${REDIS_SERVICE:-chatwootai}
SECRETS=${SECRETS:-/run/secrets}
DATA=${DATA:-/data}
RUN=${RUN:-/run/redis}
HERE=$(dirname "$0")
umask 077

# Print a password. One that would mean something in a configuration, an ACL or a URL is refused.
secret() {
  word=$(cat "$SECRETS/$1") || exit 2
  case $word in
    '' | *[!A-Za-z0-9_.~-]*)
      echo "$SECRETS/$1: a password of letters, digits and _ . ~ - is wanted; openssl rand -hex 24 makes one" >&2
      exit 2
      ;;
  esac
  printf %s "$word"
}

# Print name:port of the primary, as the first sentinel that answers has it; fail where none answers.
primary() {
  for sentinel in $REDIS_SENTINELS; do
    [ "$sentinel" != "$REDIS_SELF" ] || continue
    # shellcheck disable=SC2046 # two lines are two words
    set -- $(REDISCLI_AUTH=$(secret redis_sentinel_password) timeout 2 redis-cli --no-auth-warning --user sentinel \
      -h "${sentinel%:*}" -p "${sentinel##*:}" SENTINEL GET-MASTER-ADDR-BY-NAME "$REDIS_SERVICE" 2>/dev/null) || continue
    if [ $# -eq 2 ]; then
      echo "$1:$2"
      return 0
    fi
  done
  return 1
}

# Print a file in which @NAME@ stands for the password NAME of each name that follows.
filled() {
  file=$1
  shift
  words=
  for name in "$@"; do
    word=$(secret "$name") || exit 2
    words="$words;s/@$name@/$word/g"
  done
  sed "${words#;}" "$file"
}
