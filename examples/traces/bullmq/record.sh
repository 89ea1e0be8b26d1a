#!/usr/bin/env bash
# Records capture.jsonl; needs an empty Redis on its usual port of 127.0.0.1,
# and the packages that README.md names.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

export CAPTURE=${1:-capture.jsonl}
rm -f "$CAPTURE"

node shop.js worker worker-1 orders mail &
workers=($!)
node shop.js worker worker-2 orders reports &
workers+=($!)
sleep 2

node shop.js api
sleep 3
kill -TERM "${workers[@]}"
wait "${workers[@]}"
