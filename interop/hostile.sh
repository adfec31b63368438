#!/bin/bash
# Attacks "forward" and DPDK's net_vhost with every case of the hostile front-end, restarting what dies or hangs, and keeps the
# result in docs/HOSTILE.md. Takes about ten minutes on two idle processors; what was noted before it was stopped is not run again,
# unless interop/target/hostile.tsv is deleted. Further arguments go to Maven.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
"$root/interop/peers.sh" --check >/dev/null || { echo "hostile: run interop/peers.sh first" >&2; exit 1; }
mkdir -p "$root/docs"
cd "$root"
VHOST4J_REQUIRE_PEERS=1 exec mvn -B -ntp verify -pl interop -am -Dtest=none -Dsurefire.failIfNoSpecifiedTests=false \
    -Dit.test=HostileComparisonIT -Dvhost4j.hostile.output="$root/docs/HOSTILE.md" "$@"
