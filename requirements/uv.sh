#!/bin/sh
# usage: uv.sh PYTHON UV_VERSION VENV LOCK [alone]
# Installs a hashed lock into VENV (made where it is missing) with a uv that is gone afterwards; the project goes in
# too, unless the lock is to stand alone.
set -eu
python=$1 uv_version=$2 venv=$3 lock=$4
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT INT TERM
"$python" -m venv "$tools/venv"
"$tools/venv/bin/pip" install --quiet --disable-pip-version-check "uv==$uv_version" 2>"$tools/log" || { cat "$tools/log" >&2; exit 1; }
uv="$tools/venv/bin/uv"
[ -x "$venv/bin/python" ] || "$uv" venv --quiet --python "$python" "$venv"
"$uv" pip install --quiet --python "$venv/bin/python" --no-deps --require-hashes -r "$lock"
[ "${5-}" != alone ] || exit 0
[ -x "$venv/bin/chatwootai" ] || "$uv" pip install --quiet --python "$venv/bin/python" --no-deps --no-build-isolation -e .
# crewai's bytecode, now: a worker that starts then takes half as long. Only what it imports (uv could compile all: 100 MB).
[ -f crews/runtime/environment.py ] && env -u PYTHONDONTWRITEBYTECODE "$venv/bin/python" -c "from crews.runtime import environment; environment.load()" || true
# Our own and what verbs import beside: where PYTHONDONTWRITEBYTECODE is set each verb would compile it anew.
[ -d ops ] && env -u PYTHONDONTWRITEBYTECODE "$venv/bin/python" -m compileall -q chatwootai config crews ops >/dev/null || true
[ -f config/chatwoot_mapping.yaml ] && env -u PYTHONDONTWRITEBYTECODE "$venv/bin/chatwootai" check --no-secrets >/dev/null 2>&1 || true
