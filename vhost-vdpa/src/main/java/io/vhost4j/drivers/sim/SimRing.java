// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.sim;

import io.vhost4j.VhostDevice;
import io.vhost4j.VhostException;
import io.vhost4j.core.layout.DescFlags;
import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.linux.FileCalls;
import io.vhost4j.core.memory.GuestMemory;
import io.vhost4j.core.memory.HostWindow;
import io.vhost4j.core.ring.Ring;
import io.vhost4j.core.ring.RingSetup;
import io.vhost4j.drivers.vdpa.RingInfo;
import org.jspecify.annotations.Nullable;

/** One ring of a device that is a program. Used under the device's lock. */
final class SimRing implements AutoCloseable {
    final int index;
    final Ring ring;
    boolean enabled;
    long frames;
    long bytes;
    private @Nullable EventFd call;

    SimRing(VhostDevice device, RingInfo info, GuestMemory memory) {
        index = info.index();
        enabled = info.enabled();
        ring = Ring.create(
                new RingSetup(
                        info.packed(),
                        info.size(),
                        info.desc(),
                        info.driver(),
                        info.device(),
                        device.getNegotiatedFeatures(),
                        info.base()),
                memory,
                null,
                receives() ? DescFlags.WRITE : 0);
        HostWindow.settle();
        takeCall(device);
    }

    boolean receives() {
        return (index & 1) == 0;
    }

    void takeCall(VhostDevice device) {
        close();
        int fd = device.callFd(index);
        call = fd < 0 ? null : EventFd.adopt(FileCalls.dup(fd));
    }

    /** Tells the guest of what was published, if it wants to know. */
    void announce() {
        if (ring.hasUnannounced() && ring.needsNotification() && call != null) {
            call.signal();
        }
    }

    /** Throws if the guest broke the ring. */
    void check() {
        if (ring.fault() != null) {
            throw new VhostException("ring " + index + ": " + ring.fault().text());
        }
    }

    @Override
    public void close() {
        if (call != null) {
            call.close();
            call = null;
        }
    }
}
