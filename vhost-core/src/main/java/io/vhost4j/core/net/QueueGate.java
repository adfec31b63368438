// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.net;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Lets one thread at a time into a ring. Burst calls never wait; the event thread waits until a burst has left and then keeps
 * bursts out. A burst that gets in costs one atomic operation.
 */
final class QueueGate {
    private static final VarHandle OCCUPIED;
    private static final VarHandle CLOSING;
    private static final int SPINS = 1000;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            OCCUPIED = lookup.findVarHandle(QueueGate.class, "occupied", boolean.class);
            CLOSING = lookup.findVarHandle(QueueGate.class, "closing", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    @SuppressWarnings("unused") // through the handle
    private boolean occupied;

    /** Set while the event thread waits or is in, so that polling threads stop taking turns. */
    @SuppressWarnings("unused") // through the handle
    private boolean closing;

    /** Goes in, or returns false at once. */
    boolean tryEnter() {
        return !(boolean) CLOSING.getOpaque(this) && OCCUPIED.compareAndSet(this, false, true);
    }

    /** Leaves. */
    void leave() {
        OCCUPIED.setRelease(this, false);
    }

    /** Goes in, waiting for the thread that is inside, and keeps others out until {@link #open}. */
    void close() {
        CLOSING.setOpaque(this, true);
        int spins = 0;
        while (!OCCUPIED.compareAndSet(this, false, true)) {
            if (++spins < SPINS) {
                Thread.onSpinWait();
            } else {
                Thread.yield();
            }
        }
    }

    /** Ends {@link #close}. */
    void open() {
        CLOSING.setOpaque(this, false);
        OCCUPIED.setRelease(this, false);
    }
}
