#!/usr/bin/env bash
# NATS with JetStream (Debian: nats-server), its streams in files.
set -euo pipefail

fail() {
  echo "nats.sh: $*" >&2
  exit 1
}

alive() { # alive DATA
  [ -s "$1/pid" ] && kill -0 "$(cat "$1/pid")" 2>/dev/null
}

start() { # start DATA PORT
  mkdir -p "$1"
  if alive "$1"; then fail "a server runs in $1 already; stop it first"; fi
  setsid nohup nats-server -js -sd "$1/streams" -a 127.0.0.1 -p "$2" >"$1/server.out" 2>&1 </dev/null &
  echo $! >"$1/pid"
  for _ in $(seq 100); do
    if grep -q 'Server is ready' "$1/server.out"; then return; fi
    alive "$1" || fail "the server ended: see $1/server.out"
    sleep 0.1
  done
  fail "the server was not ready within 10 s: see $1/server.out"
}

stop() { # stop DATA
  if ! alive "$1"; then return; fi
  local pid
  pid=$(cat "$1/pid")
  kill "$pid"
  for _ in $(seq 100); do
    if ! alive "$1"; then break; fi
    sleep 0.1
  done
  if alive "$1"; then kill -9 "$pid"; fi
  rm -f "$1/pid"
}

case "${1:-} $#" in
"start 3") start "$2" "$3" ;;
"stop 2") stop "$2" ;;
*)
  echo "usage: nats.sh start DATA PORT | stop DATA" >&2
  exit 2
  ;;
esac
