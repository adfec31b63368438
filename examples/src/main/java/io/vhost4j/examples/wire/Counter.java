// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.wire;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** A count that one thread adds to, at the price of a plain addition, and any thread may read. */
public final class Counter {
    private static final VarHandle VALUE;

    static {
        try {
            VALUE = MethodHandles.lookup().findVarHandle(Counter.class, "value", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    // in the object itself: a thread that serves many devices has one cache line less to fetch for each count
    private long value;

    /** Zero. */
    public Counter() {}

    /** Adds; only for the owning thread. */
    public void add(long amount) {
        VALUE.setOpaque(this, value + amount);
    }

    /** The count as last seen. */
    public long get() {
        return (long) VALUE.getOpaque(this);
    }
}
