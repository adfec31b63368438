// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.net;

import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.ring.RingFault;
import org.jspecify.annotations.Nullable;

/** Why a ring broke: signalled to the front-end at once, and told to the listener when the gate was left. */
final class FaultReport {
    private record Fault(RingFault reason, long value) {}

    private @Nullable EventFd error;

    /** Set inside the gate, reported after it was left. */
    private volatile @Nullable Fault unreported;

    /** Sets what tells the front-end; inside the gate. */
    void setErr(@Nullable EventFd fd) {
        error = fd;
    }

    /** The ring broke; inside the gate. */
    void raise(RingFault fault, long value) {
        unreported = new Fault(fault, value);
        EventFd fd = error;
        if (fd != null) {
            fd.signal();
        }
    }

    /** Tells the listener, unless it knows; outside the gate. */
    void report(QueueListener listener, int index) {
        Fault fault = unreported;
        if (fault != null) {
            unreported = null;
            listener.fault(index, fault.reason, fault.value);
        }
    }

    /** The listener need not be told. */
    void forget() {
        unreported = null;
    }
}
