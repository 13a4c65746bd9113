#!/bin/sh
# What a CI job runs: the service, and its tests.
set -eu
cd "$(dirname "$0")"
python3 service.py "$1" &
trap 'kill $!' EXIT
python3 visit.py "$1"
