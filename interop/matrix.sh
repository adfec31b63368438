#!/bin/bash
# Runs every combination of dpdk-testpmd's front-end against "forward" and keeps the result in docs/MATRIX.md.
# Takes about half an hour on two idle processors; what passed before it was stopped is not run again, unless
# interop/target/matrix.tsv is deleted. Further arguments go to Maven.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
"$root/interop/peers.sh" --check >/dev/null || { echo "matrix: run interop/peers.sh first" >&2; exit 1; }
mkdir -p "$root/docs"
cd "$root"
VHOST4J_REQUIRE_PEERS=1 exec mvn -B -ntp verify -pl interop -am -Dtest=none -Dsurefire.failIfNoSpecifiedTests=false \
    -Dit.test='TestpmdMatrixIT#shouldCountTheSameInEveryCombination' -Dvhost4j.matrix.output="$root/docs/MATRIX.md" "$@"
