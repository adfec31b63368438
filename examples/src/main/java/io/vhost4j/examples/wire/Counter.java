// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.wire;

import java.util.concurrent.atomic.AtomicLong;

/** A count that one thread adds to, at the price of a plain addition, and any thread may read. */
public final class Counter {
    private final AtomicLong value = new AtomicLong();

    /** Zero. */
    public Counter() {}

    /** Adds; only for the owning thread. */
    public void add(long amount) {
        value.setOpaque(value.getPlain() + amount);
    }

    /** The count as last seen. */
    public long get() {
        return value.getOpaque();
    }
}
