#!/bin/bash
# Lets front-ends come and go at one back-end for ten minutes and keeps what it holds over that time in docs/SOAK.md.
# Further arguments go to Maven, such as -Dvhost4j.interop.soak.seconds=3600.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
exec mvn -B -ntp verify -pl interop -am -Dtest=none -Dsurefire.failIfNoSpecifiedTests=false -Dit.test=SoakIT \
    -Dvhost4j.interop.soak.seconds=600 -Dvhost4j.interop.soak.output="$root/docs" "$@"
