// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.util.List;

/** A back-end with what it has to do, in turn with others. */
record Contender(BackEndKind kind, Cell cell) {
    /** Back-ends that all have the same to do. */
    static List<Contender> all(List<BackEndKind> kinds, Cell cell) {
        return kinds.stream().map(kind -> new Contender(kind, cell)).toList();
    }

    @Override
    public String toString() {
        return cell + ", " + kind;
    }
}
