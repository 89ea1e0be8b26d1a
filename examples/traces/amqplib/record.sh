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
service audit
service billing
sleep 3

node shop.js api
sleep 3
kill -TERM "${services[@]}"
wait "${services[@]}"
