#!/usr/bin/env bash
# Records capture.jsonl; needs RabbitMQ on its usual port of 127.0.0.1, without
# queues of an earlier run, and the packages that README.md names.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

export CAPTURE=${1:-capture.jsonl}
rm -f "$CAPTURE"

services=()
# service ROLE [NAME]
service() {
    node shop.js "$@" &
    services+=($!)
}
service worker worker-1
service worker worker-2
service billing
sleep 3

node shop.js api
sleep 1
# The audit is late: when it comes, some orders were published twice.
service audit
sleep 4
kill -TERM "${services[@]}"
wait "${services[@]}"
