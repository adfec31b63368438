// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

/** Layout of the rings between the two sides. */
enum RingKind {
    SPLIT,
    PACKED;

    @Override
    public String toString() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }
}
