# SPDX-License-Identifier: BSD-3-Clause
#
# Sourced by the scripts next to it: finds a JDK and builds what is missing.

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

fail() {
    echo "${0##*/}: $*" >&2
    exit 1
}

# Prints the feature release of a JDK's folder, nothing if it is none.
jdk_release() {
    [ -x "$1/bin/javac" ] && [ -r "$1/release" ] \
        && sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release"
}

# Sets java to the first JDK 22 or newer: VHOST4J_JAVA_HOME, JAVA_HOME, PATH, /usr/lib/jvm.
find_java() {
    local home release on_path
    on_path=$(command -v javac || true)
    [ -z "$on_path" ] || on_path=$(dirname "$(dirname "$(readlink -f "$on_path")")")
    for home in "${VHOST4J_JAVA_HOME:-}" "${JAVA_HOME:-}" "$on_path" /usr/lib/jvm/*; do
        [ -n "$home" ] || continue
        release=$(jdk_release "$home") || continue
        if [ "${release:-0}" -ge 22 ]; then
            jdk=$home
            java=$home/bin/java
            return
        fi
    done
    fail "no JDK 22 or newer found: install one (for example Temurin 25), or set VHOST4J_JAVA_HOME to its folder"
}

# Builds the benchmarks if a source is newer than they are.
build() {
    local jar changed
    jar=$(ls "$project"/jmh/target/dist/vhost4j-jmh-*.jar 2>/dev/null | head -n 1) || true
    if [ -n "$jar" ]; then
        changed=$(find "$project"/*/src/main "$project"/*/pom.xml "$project"/pom.xml -newer "$jar" -type f -print -quit)
        [ -n "$changed" ] || return 0
    fi
    echo "${0##*/}: building" >&2
    # Maven itself may run on an older JDK; it looks for this one in all variables JAVA*_HOME.
    (cd "$project" && JAVA_VHOST4J_HOME=$jdk mvn -q -B -pl jmh -am -Dquick -DskipTests package) \
        || fail "the build failed: see above"
}

find_java
build
class_path=$project/jmh/target/dist/*
