// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.virtiouser;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Lets one burst at a time into a ring, and none while the ring is laid out anew or taken away. A burst never waits: it is let in or
 * sent away.
 */
final class Gate {
    private static final VarHandle STATE = MethodHandles.arrayElementVarHandle(int[].class);
    /** The state is alone in its cache lines: another thread's gate may be next to it. */
    private static final int AT = 32;

    private static final int FREE = 0;
    private static final int BUSY = 1;
    private static final int SHUT = 2;

    private final int[] state = new int[2 * AT];
    private volatile boolean closing = true;

    Gate() {
        STATE.setRelease(state, AT, SHUT);
    }

    /** Whether the caller is let in; then it calls {@link #leave} afterwards. */
    boolean enter() {
        return !closing && STATE.compareAndSet(state, AT, FREE, BUSY);
    }

    /** After {@link #enter}. */
    void leave() {
        STATE.setRelease(state, AT, FREE);
    }

    /** Lets bursts in. */
    void open() {
        STATE.setRelease(state, AT, FREE);
        closing = false;
    }

    /** Keeps new bursts out; one may be in still. */
    void refuse() {
        closing = true;
    }

    /** Whether {@link #refuse} was called after {@link #open}. */
    boolean refuses() {
        return closing;
    }

    /** Whether nobody is in and nobody comes in until {@link #open}; asked after {@link #refuse}. */
    boolean tryShut() {
        return STATE.compareAndSet(state, AT, FREE, SHUT) || (int) STATE.getAcquire(state, AT) == SHUT;
    }

    /** Keeps bursts out and waits until one that is in has left. */
    void shut() {
        refuse();
        while (!tryShut()) {
            Thread.yield();
        }
    }
}
