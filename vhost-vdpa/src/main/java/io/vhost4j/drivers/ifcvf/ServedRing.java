// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.ifcvf;

import io.vhost4j.VhostDevice;
import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.linux.FileCalls;
import io.vhost4j.drivers.vdpa.MediatedRing;
import io.vhost4j.drivers.vdpa.RingInfo;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** A ring that the device serves. Its call descriptor may be exchanged while the relay runs. */
final class ServedRing implements AutoCloseable {
    private final RingInfo info;
    private final AtomicLong kicks = new AtomicLong();
    private final AtomicLong used = new AtomicLong();
    private @Nullable MediatedRing mediated;
    private @Nullable EventFd interrupt;
    private @Nullable EventFd config;
    private @Nullable EventFd call;

    ServedRing(RingInfo info) {
        this.info = info;
    }

    RingInfo info() {
        return info;
    }

    void mediateBy(MediatedRing ring) {
        mediated = ring;
    }

    @Nullable
    MediatedRing mediated() {
        return mediated;
    }

    /** The ring as the device is to see it. */
    IfcvfHardware.Queue queue() {
        MediatedRing own = mediated;
        if (own != null) {
            return new IfcvfHardware.Queue(
                    info.index(), info.size(), own.descIova(), own.driverIova(), own.deviceIova(), own.startState());
        }
        int state = info.packed() ? info.base() : info.base() << 16 | info.base() & 0xffff;
        return new IfcvfHardware.Queue(
                info.index(), info.size(), info.descGpa(), info.driverGpa(), info.deviceGpa(), state);
    }

    /**
     * Takes what the guest is notified by now.
     *
     * @return what the device's interrupt is to signal, -1 for nothing
     */
    synchronized int takeCall(VhostDevice device) {
        EventFd old = call;
        int fd = device.callFd(info.index());
        call = fd < 0 ? null : EventFd.adopt(FileCalls.dup(fd));
        if (old != null) {
            old.close();
        }
        if (mediated == null && canBeInterrupted(fd)) {
            return fd;
        }
        EventFd own = interrupt;
        if (own == null) {
            own = EventFd.create();
            interrupt = own;
        }
        return own.fd();
    }

    /** Whether a device's interrupt can signal this descriptor of a guest's itself. */
    static boolean canBeInterrupted(int callFd) {
        return callFd < 0 || EventFd.isEventFd(callFd);
    }

    /** What the device's interrupt signals if the guest is notified from here, or null. */
    synchronized @Nullable EventFd interrupt() {
        return interrupt;
    }

    /** What the device signals when its configuration changes. */
    synchronized EventFd configEvent() {
        EventFd event = config;
        if (event == null) {
            event = EventFd.create();
            config = event;
        }
        return event;
    }

    /** Notifies the guest. */
    synchronized void call() {
        if (call != null) {
            call.signal();
        }
    }

    void countKick() {
        kicks.incrementAndGet();
    }

    void countUsed() {
        used.incrementAndGet();
    }

    long[] stats() {
        return new long[] {kicks.get(), used.get(), mediated == null ? 0 : 1};
    }

    void resetStats() {
        kicks.set(0);
        used.set(0);
    }

    @Override
    public synchronized void close() {
        for (EventFd event : new @Nullable EventFd[] {interrupt, config, call}) {
            if (event != null) {
                event.close();
            }
        }
        interrupt = null;
        config = null;
        call = null;
    }
}
