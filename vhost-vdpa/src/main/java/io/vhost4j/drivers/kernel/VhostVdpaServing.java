// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.kernel;

import io.vhost4j.VhostDevice;
import io.vhost4j.VhostException;
import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.linux.FileCalls;
import io.vhost4j.core.memory.GuestRegion;
import io.vhost4j.drivers.vdpa.Doorbells;
import io.vhost4j.drivers.vdpa.KickSet;
import io.vhost4j.drivers.vdpa.RingInfo;
import io.vhost4j.drivers.vdpa.Serving;
import io.vhost4j.drivers.vdpa.Worker;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A device of the kernel's bus while it serves one front-end. Event thread only. */
final class VhostVdpaServing implements Serving {
    private static final Logger LOG = LoggerFactory.getLogger(VhostVdpaServing.class);

    private final VhostVdpaDevice owner;
    private final VhostVdpaFile file;
    private final VhostDevice device;
    private final List<RingInfo> rings;
    private final Deque<Runnable> undo = new ArrayDeque<>();

    VhostVdpaServing(VhostVdpaDevice owner, VhostVdpaFile file, VhostDevice device) {
        this.owner = owner;
        this.file = file;
        this.device = device;
        rings = RingInfo.runningOf(device);
    }

    @Override
    public void start() {
        check();
        try {
            negotiate();
            mapGuest();
            rings.forEach(this::setUp);
            watchConfig();
            file.setStatus(VhostVdpaLayout.STATUS_ACKNOWLEDGE
                    | VhostVdpaLayout.STATUS_DRIVER
                    | VhostVdpaLayout.STATUS_FEATURES_OK
                    | VhostVdpaLayout.STATUS_DRIVER_OK);
            rings.forEach(ring -> kick(ring.index()));
        } catch (RuntimeException e) {
            unwind();
            throw e;
        }
    }

    private void check() {
        for (RingInfo ring : rings) {
            if (ring.size() > owner.maxRingSize()) {
                throw failure("ring " + ring.index() + ": has " + ring.size() + " descriptors, the device "
                        + owner.maxRingSize() + " at most; choose fewer (queue size)");
            }
            int kick = device.kickFd(ring.index());
            if (kick < 0 || !EventFd.isEventFd(kick)) {
                throw failure("ring " + ring.index() + ": the front-end gave no event descriptor to be notified by");
            }
        }
    }

    private void negotiate() {
        file.setStatus(0);
        file.setStatus(VhostVdpaLayout.STATUS_ACKNOWLEDGE);
        int driver = VhostVdpaLayout.STATUS_ACKNOWLEDGE | VhostVdpaLayout.STATUS_DRIVER;
        file.setStatus(driver);
        long features = owner.features().acknowledged(device.getNegotiatedFeatures());
        file.setFeatures(features);
        file.setStatus(driver | VhostVdpaLayout.STATUS_FEATURES_OK);
        if ((file.status() & VhostVdpaLayout.STATUS_FEATURES_OK) == 0) {
            throw failure("refuses the features 0x" + Long.toHexString(features));
        }
    }

    private void mapGuest() {
        file.beginMappings();
        try {
            for (GuestRegion region : RingInfo.memoryOf(device).regions()) {
                file.map(region.gpa(), region.size(), region.hostAddress());
                undo.push(() -> file.unmap(region.gpa(), region.size()));
            }
        } finally {
            file.endMappings();
        }
    }

    private void setUp(RingInfo ring) {
        int index = ring.index();
        file.ring(VhostVdpaLayout.SET_VRING_NUM, index, ring.size());
        file.ring(VhostVdpaLayout.SET_VRING_BASE, index, ring.base());
        file.ringAddresses(index, ring.descGpa(), ring.driverGpa(), ring.deviceGpa());
        file.ring(VhostVdpaLayout.SET_VRING_KICK, index, device.kickFd(index));
        undo.push(() -> file.ring(VhostVdpaLayout.SET_VRING_KICK, index, -1));
        takeCall(index);
        undo.push(() -> file.ring(VhostVdpaLayout.SET_VRING_CALL, index, -1));
        if (ring.enabled()) {
            file.ring(VhostVdpaLayout.SET_VRING_ENABLE, index, 1);
        }
    }

    void takeCall(int index) {
        int call = device.callFd(index);
        if (call >= 0 && !EventFd.isEventFd(call)) {
            throw failure("ring " + index + ": the front-end gave no event descriptor to notify it by");
        }
        file.ring(VhostVdpaLayout.SET_VRING_CALL, index, call);
    }

    private void watchConfig() {
        EventFd changed = EventFd.create();
        undo.push(changed::close);
        KickSet events = new KickSet();
        undo.push(events::close);
        events.add(changed.fd(), 0);
        file.setConfigCall(changed.fd());
        undo.push(() -> file.setConfigCall(-1));
        Worker worker = Worker.start(
                "vdpa-" + owner.identity().name(),
                thread -> {
                    while (!thread.stopping()) {
                        if (events.await(-1) > 0) {
                            changed.drain();
                            device.backendConfigChange();
                        }
                    }
                },
                events::wakeUp,
                reason -> LOG.warn("{}: {}", owner.identity().name(), reason));
        undo.push(worker::stop);
    }

    /** What the guest has notified of before, it does not notify of again. */
    private void kick(int index) {
        try (EventFd kick = EventFd.adopt(FileCalls.dup(device.kickFd(index)))) {
            kick.signal();
        }
    }

    void setEnabled(int index, boolean enabled) {
        if (rings.stream().noneMatch(ring -> ring.index() == index)) {
            throw failure("ring " + index + " was not set up when the device started");
        }
        file.ring(VhostVdpaLayout.SET_VRING_ENABLE, index, enabled ? 1 : 0);
    }

    @Override
    public void offerDoorbells(boolean enable) {
        for (RingInfo ring : rings) {
            Doorbells.offer(owner, device, ring.index(), enable);
        }
    }

    @Override
    public void stop() {
        try {
            file.suspend();
            for (RingInfo ring : rings) {
                device.setVringBase(ring.index(), file.ringBase(ring.index()));
            }
        } finally {
            unwind();
        }
    }

    private void unwind() {
        // before its memory goes
        undo.push(() -> file.setStatus(0));
        while (!undo.isEmpty()) {
            Runnable step = undo.pop();
            try {
                step.run();
            } catch (RuntimeException e) {
                LOG.debug("{}: while letting go: {}", owner.identity().name(), e.getMessage());
            }
        }
    }

    private VhostException failure(String what) {
        return new VhostException(owner.identity().name() + ": " + what);
    }
}
