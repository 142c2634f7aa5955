#!/usr/bin/env bash
# Apache Kafka from its Maven artefacts (pom.xml beside this file; needs Java 17 and Maven): its class path, its tools,
# and one broker that is its own controller (KRaft).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# Kafka's own settings of the virtual machine (bin/kafka-run-class.sh, bin/kafka-server-start.sh of its release).
vm=(-server -XX:+UseG1GC -XX:MaxGCPauseMillis=20 -XX:InitiatingHeapOccupancyPercent=35 -XX:+ExplicitGCInvokesConcurrent
  -Djava.awt.headless=true -Dorg.slf4j.simpleLogger.defaultLogLevel=warn)

usage() {
  cat >&2 <<'TEXT'
usage: kafka.sh start DATA PORT CONTROLLER_PORT [SETTING=VALUE ...]   begin in an empty folder, or go on in a used one;
                                                                      returns when the broker serves 127.0.0.1:PORT
       kafka.sh stop DATA                                             end it, and wait for that
       kafka.sh run CLASS [ARGUMENT ...]                              one of Kafka's tools
       kafka.sh classpath                                             resolve, and print
TEXT
  exit 2
}

fail() {
  echo "kafka.sh: $*" >&2
  exit 1
}

classpath() {
  local folder=${CARGO_TARGET_DIR:-$here/../../target}/peers
  local cache=$folder/classpath
  # A class path is good as long as the list of artefacts is older and its first jar is still there.
  if [ ! -s "$cache" ] || [ "$here/pom.xml" -nt "$cache" ] || [ ! -e "$(cut -d: -f1 "$cache")" ]; then
    mkdir -p "$folder"
    mvn -B -q -f "$here/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath \
      -Dmdep.includeScope=runtime -Dmdep.outputFile="$cache.$$" >&2 || fail "Maven could not resolve $here/pom.xml"
    mv "$cache.$$" "$cache"
  fi
  cat "$cache"
}

run() {
  [ $# -ge 1 ] || usage
  exec java "${vm[@]}" -Xmx512m -cp "$(classpath)" "$@"
}

alive() { # alive DATA
  [ -s "$1/pid" ] && kill -0 "$(cat "$1/pid")" 2>/dev/null
}

configure() { # configure DATA PORT CONTROLLER_PORT [SETTING=VALUE ...]
  local data=$1 port=$2 controller=$3
  shift 3
  cat >"$data/server.properties" <<TEXT
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:$controller
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller
controller.listener.names=CONTROLLER
log.dirs=$data/log
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
TEXT
  if [ $# -gt 0 ]; then printf '%s\n' "$@" >>"$data/server.properties"; fi
}

start() {
  [ $# -ge 3 ] || usage
  mkdir -p "$1"
  local data path
  data=$(cd "$1" && pwd)
  if alive "$data"; then fail "a broker runs in $data already; stop it first"; fi
  configure "$data" "${@:2}"
  path=$(classpath)
  if [ ! -e "$data/log/meta.properties" ]; then
    java "${vm[@]}" -Xmx256m -cp "$path" kafka.tools.StorageTool format --standalone \
      --cluster-id "$(java -cp "$path" kafka.tools.StorageTool random-uuid)" \
      --config "$data/server.properties" >"$data/format.out" 2>&1 || fail "cannot format: see $data/format.out"
  fi
  setsid nohup java "${vm[@]}" -Xms1g -Xmx1g -Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info \
    -cp "$path" kafka.Kafka "$data/server.properties" >"$data/broker.out" 2>&1 </dev/null &
  echo $! >"$data/pid"
  for _ in $(seq 300); do
    if grep -q 'Kafka Server started' "$data/broker.out"; then return; fi
    alive "$data" || fail "the broker ended: see $data/broker.out"
    sleep 0.2
  done
  stop "$data"
  fail "the broker was not ready within 60 s: see $data/broker.out"
}

stop() {
  [ $# -eq 1 ] || usage
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

command=${1:-}
if [ $# -gt 0 ]; then shift; fi
case $command in
start) start "$@" ;;
stop) stop "$@" ;;
run) run "$@" ;;
classpath) classpath ;;
*) usage ;;
esac
