# What the scripts of brokers have in common. Each defines `launch DIR PORT`,
# which starts the broker by `background DIR COMMAND...`, and calls `main "$@"`:
#   SCRIPT start DIR [PORT]  starts it, with all that it writes in DIR, waits
#                            until it listens on PORT of the loopback interface
#                            (a free one if none is given), and prints PORT
#   SCRIPT stop DIR          stops it
set -euo pipefail
broker=$(basename "$0")
project=$(cd "$(dirname "$0")/.." && pwd)

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

listens() {
  (: >"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# background DIR COMMAND...: its id goes to DIR/pids, what it prints to DIR/output.
background() {
  local dir=$1
  shift
  ("$@") >>"$dir/output" 2>&1 </dev/null &
  echo $! >>"$dir/pids"
}

# A program of the Maven project, in place of the shell: java_of MODULE ARGUMENT...
java_of() {
  local classpath
  classpath=$("$project/classpath" "$1")
  shift
  exec java -cp "$classpath" -XX:+UseSerialGC -Xmx256m -XX:TieredStopAtLevel=1 \
    -Dorg.slf4j.simpleLogger.defaultLogLevel=warn "$@"
}

# Whether a process is there, and not only waited for by its parent.
alive() {
  grep -qs '^State:[[:space:]]*[^ZX[:space:]]' "/proc/$1/status"
}

runs() {
  local pid
  for pid in $(cat "$1/pids" 2>/dev/null); do
    alive "$pid" || return 1
  done
  [ -s "$1/pids" ]
}

# await_port DIR PORT: until it is listened on, for ten minutes.
await_port() {
  for _ in $(seq 3000); do
    ! listens "$2" || return 0
    runs "$1" || break
    sleep 0.2
  done
  echo "$broker: did not start, see $1/output" >&2
  tail -20 "$1/output" >&2
  stop "$1"
  exit 1
}

start() {
  local dir port
  mkdir -p "$1"
  dir=$(cd "$1" && pwd)
  port=${2:-$(free_port)}
  if runs "$dir"; then
    echo "$broker: already runs in $dir" >&2
    exit 1
  fi
  rm -rf "$dir/data" "$dir/pids" "$dir/output"
  mkdir "$dir/data"
  launch "$dir" "$port"
  await_port "$dir" "$port"
  echo "$port" >"$dir/port"
  echo "$port"
}

# In reverse order; what does not end within 20 s is killed.
stop() {
  local pid
  for pid in $(tac "$1/pids" 2>/dev/null); do
    kill "$pid" 2>/dev/null || continue
    for _ in $(seq 200); do
      alive "$pid" || break
      sleep 0.1
    done
    ! alive "$pid" || kill -9 "$pid"
  done
  rm -rf "$1/pids" "$1/port" "$1/data"
}

main() {
  case $#-${1:-} in
  2-start | 3-start) start "$2" "${3:-}" ;;
  2-stop) stop "$2" ;;
  *)
    echo "usage: $broker start DIR [PORT] | $broker stop DIR" >&2
    exit 2
    ;;
  esac
}
