# What the recordings in recordings/*.sh are made with. Each is a function
# `rec:NAME`, which starts a broker, runs programs of the Maven project, and
# keeps what the receiver got. `record` runs it in a shell of its own.

AGENT=2.33.1
OLD_AGENT=1.25.1

# Settings of the agent, for the array `options`.
receive_telemetry=otel.instrumentation.messaging.experimental.receive-telemetry.enabled=true
capture_headers=otel.instrumentation.messaging.experimental.capture-headers=traceparent,tracestate
newest_names=otel.semconv-stability.opt-in=messaging
no_propagation=otel.propagators=none

# --- one recording ------------------------------------------------------------

record() {
  name=$1
  scratch=$RECORDINGS_WORK/run/$name
  rm -rf "$scratch"
  mkdir -p "$scratch"
  agent=$AGENT
  options=()
  started=()
  trap clean_up EXIT
  open_sink
  "rec:$name"
}

open_sink() {
  python3 "$RECORDINGS_TOOLS/sink.py" "$scratch/received" >"$scratch/sink.port" 2>"$scratch/sink.errors" &
  sink=$!
  for _ in $(seq 600); do
    [ -s "$scratch/sink.port" ] && return
    sleep 0.1
  done
  fail "the receiver did not start"
}

# Waits until everything is on disk.
close_sink() {
  [ -n "${sink:-}" ] || return 0
  kill "$sink" 2>/dev/null || true
  wait "$sink" || true
  sink=
}

clean_up() {
  local pid
  for pid in "${started[@]}"; do
    kill "$pid" 2>/dev/null || true
  done
  close_sink
  [ -z "${broker_script:-}" ] || "$broker_script" stop "$scratch/broker"
}

fail() {
  echo "record: $name: $*" >&2
  exit 1
}

# --- brokers ------------------------------------------------------------------

# broker NAME: starts brokers/NAME; programs find its port in $BROKER.
broker() {
  broker_script=$here/brokers/$1
  BROKER=$("$broker_script" start "$scratch/broker")
  export BROKER
}

# --- programs -----------------------------------------------------------------

agent_jar() {
  local jar=$RECORDINGS_WORK/agents/opentelemetry-javaagent-$agent.jar
  [ -s "$jar" ] || mvn -q -B -ntp -f "$here/pom.xml" -N dependency:copy \
    -Dartifact="io.opentelemetry.javaagent:opentelemetry-javaagent:$agent" \
    -DoutputDirectory="$RECORDINGS_WORK/agents" >&2
  echo "$jar"
}

# module_of CLASS: the module of the Maven project that has it.
module_of() {
  local source
  source=$(echo "$here"/*/src/main/java/linkmend/recordings/"$1".java)
  [ -f "$source" ] || fail "no program $1"
  source=${source#"$here"/}
  echo "${source%%/*}"
}

# become SERVICE CLASS [ARGUMENT...]: the program under the agent, with the
# system properties of the array `options`.
become() {
  local service=$1 class=$2 jar classpath
  shift 2
  jar=$(agent_jar)
  classpath=$("$here/classpath" "$(module_of "$class")")
  export OTEL_SERVICE_NAME=$service OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf \
    OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:$(cat "$scratch/sink.port") \
    OTEL_METRICS_EXPORTER=none OTEL_LOGS_EXPORTER=none OTEL_BSP_SCHEDULE_DELAY=200 \
    OTEL_EXPORTER_OTLP_TIMEOUT=240000 OTEL_BSP_EXPORT_TIMEOUT=240000 \
    SCRATCH=$scratch PAIRS=$scratch/pairs
  cd "$scratch"
  exec java -javaagent:"$jar" "${options[@]/#/-D}" -cp "$classpath" \
    -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
    -Dorg.slf4j.simpleLogger.defaultLogLevel=warn "linkmend.recordings.$class" "$@"
}

# run SERVICE CLASS [ARGUMENT...]: until it ends.
run() {
  local log=$scratch/$1.log
  (become "$@") >>"$log" 2>&1 </dev/null || { tail -30 "$log" >&2; fail "$* failed, see $log"; }
}

# start SERVICE CLASS [ARGUMENT...]: in the background, until it says that it is
# ready; `finish` waits for its end.
start() {
  local log=$scratch/$1.log pid
  (become "$@") >>"$log" 2>&1 </dev/null &
  pid=$!
  started+=("$pid")
  for _ in $(seq 6000); do
    grep -qx ready "$log" && return
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
  done
  tail -30 "$log" >&2
  fail "$* did not get ready, see $log"
}

finish() {
  local pid
  for pid in "${started[@]}"; do
    wait "$pid" || { tail -30 "$scratch"/*.log >&2; fail "a program failed"; }
  done
  started=()
}

# --- what is kept -------------------------------------------------------------

# keep EMITTER CLIENT BROKER [--advice ANCHOR] [--note SENTENCE] [ARGUMENT OF derive.py...]
keep() {
  local emitter=$1 client=$2 served=$3 advice= note= kept_as=$name
  shift 3
  case " $* " in *" --off "*) kept_as=${name%-off} ;; esac
  while [ $# -gt 0 ]; do
    case $1 in
    --advice) advice=$2; shift 2 ;;
    --note) note=$2; shift 2 ;;
    *) break ;;
    esac
  done
  close_sink
  [ ! -s "$scratch/sink.errors" ] || { cat "$scratch/sink.errors" >&2; fail "the receiver refused something"; }
  local entry
  entry=$(python3 -c '
import json, sys
emitter, agent, client, broker, script, advice, note = sys.argv[1:]
entry = {"emitter": emitter, "language": "Java",
         "instrumentation": "opentelemetry-javaagent " + agent,
         "client": client, "broker": broker, "script": "jvm/recordings/" + script,
         "advice": advice or None}
if note:
    entry["note"] = note
print(json.dumps(entry, ensure_ascii=False))' \
    "$emitter" "$agent" "$client" "$served" "$script" "$advice" "$note")
  "$RECORDINGS_PYTHON" "$RECORDINGS_TOOLS/derive.py" "$kept_as" "$scratch/received" \
    --data "$RECORDINGS_DATA" --entry "$entry" "$@"
  rm -rf "$scratch/received"
}

# keep_off: as keep, of a run without propagation, with truth from bodies.
keep_off() {
  keep "$@" --off --pairs "$scratch/pairs"
}
