#!/usr/bin/env bash
# Records capture.jsonl; needs RabbitMQ and Redis on their usual ports of
# 127.0.0.1, and the packages that README.md names.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

export CAPTURE=${1:-capture.jsonl}
rm -f "$CAPTURE"

workers=()
# worker NAME QUEUES
worker() {
    celery --quiet --app shop worker --pool solo --hostname "$1@shop" --queues "$2" \
        --without-gossip --without-mingle --without-heartbeat &
    workers+=($!)
}
worker orders-1 orders
worker orders-2 orders
worker office mail,reports
sleep 5

python3 shop.py
kill -TERM "${workers[@]}"
wait "${workers[@]}" || true
