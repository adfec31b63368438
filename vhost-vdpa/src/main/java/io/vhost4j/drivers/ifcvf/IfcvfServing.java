// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.ifcvf;

import io.vhost4j.VhostDevice;
import io.vhost4j.VhostException;
import io.vhost4j.VirtioFeature;
import io.vhost4j.core.layout.PackedLayout;
import io.vhost4j.core.layout.SplitLayout;
import io.vhost4j.core.memory.DirtyLog;
import io.vhost4j.core.memory.GuestAccess;
import io.vhost4j.core.memory.HostWindow;
import io.vhost4j.drivers.vdpa.Doorbells;
import io.vhost4j.drivers.vdpa.MediatedRing;
import io.vhost4j.drivers.vdpa.RingInfo;
import io.vhost4j.drivers.vdpa.Serving;
import io.vhost4j.drivers.vdpa.SharedPages;
import io.vhost4j.drivers.vfio.DmaMappings;
import io.vhost4j.drivers.vfio.VfioDevice;
import io.vhost4j.vdpa.VdpaDeviceType;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A device while it serves one front-end: memory for DMA, then interrupts, then the device, then the relay; the other way round at the
 * end. Event thread only, but for statistics.
 */
final class IfcvfServing implements Serving {
    private static final Logger LOG = LoggerFactory.getLogger(IfcvfServing.class);

    private final IfcvfDevice owner;
    private final VhostDevice device;
    private final VfioDevice vfio;
    private final IfcvfHardware hardware;
    private final GuestAccess guest;
    private final DmaMappings dma;
    private final Deque<Runnable> undo = new ArrayDeque<>();
    private final List<ServedRing> rings = new ArrayList<>();
    private final List<RingInfo> idle = new ArrayList<>();
    private final boolean logging;
    private final boolean mediatesForLog;
    private @Nullable IfcvfRelay relay;
    private long logIova = -1;
    /** Whether another goes on with the guest's memory. */
    private boolean keepsGuest;

    /**
     * Of a device that does not serve yet.
     *
     * @param dma may have the guest's memory already; owned by the new object
     */
    IfcvfServing(IfcvfDevice owner, VhostDevice device, DmaMappings dma) {
        this.owner = owner;
        this.device = device;
        vfio = owner.vfio();
        hardware = owner.hardware();
        guest = RingInfo.accessOf(device);
        this.dma = dma;
        logging = guest.dirtyLog() != null;
        mediatesForLog = logging && owner.settings().swLiveMigration();
    }

    @Override
    public void start() {
        try {
            undo.push(this::unmapGuest);
            findRings();
            if (!dma.hasGuest()) {
                dma.mapGuest(guest.guestMemory());
            }
            mediate();
            takeInterrupts();
            if (logging && !mediatesForLog) {
                startLogging();
            }
            undo.push(this::resetHard);
            hardware.start(
                    owner.features().acknowledged(device.getNegotiatedFeatures()),
                    VirtioFeature.VERSION_1.in(device.getNegotiatedFeatures()),
                    rings.stream().map(ServedRing::queue).toList());
            IfcvfRelay made = new IfcvfRelay(owner, device, rings);
            undo.push(made::close);
            made.start();
            relay = made;
        } catch (RuntimeException | InternalError e) {
            unwind();
            throw e;
        }
    }

    private void findRings() {
        for (RingInfo ring : RingInfo.runningOf(device)) {
            if (!ring.enabled()) {
                idle.add(ring);
                continue;
            }
            if (ring.index() >= limit()) {
                throw failure("ring " + ring.index() + ": the device has " + limit());
            }
            if (ring.index() + 1 >= vfio.vectors()) {
                throw failure("ring " + ring.index() + ": the device has " + vfio.vectors() + " interrupt vectors");
            }
            rings.add(new ServedRing(ring));
        }
    }

    private int limit() {
        return owner.getDevType() == VdpaDeviceType.NET ? 2 * owner.getQueueNum() : owner.getQueueNum();
    }

    private boolean mustMediate(RingInfo ring) {
        boolean writes = owner.getDevType() == VdpaDeviceType.BLK || (ring.index() & 1) == 0;
        if (hardware.hasMigration()) {
            return mediatesForLog && writes;
        }
        // such a device begins at the start of a ring, and tells by the used index alone where it stopped
        return mediatesForLog || ring.packed() || ring.base() != 0;
    }

    private void mediate() {
        boolean eventIdx = VirtioFeature.RING_EVENT_IDX.in(device.getNegotiatedFeatures());
        for (ServedRing ring : rings) {
            if (mustMediate(ring.info())) {
                SharedPages pages = new SharedPages(MediatedRing.bytesFor(ring.info()));
                undo.push(pages::close);
                long iova = dma.mapOwn(pages.address(), pages.bytes());
                undo.push(() -> dma.unmapOwn(iova));
                MediatedRing made = MediatedRing.of(ring.info(), guest.guestMemory(), pages.address(), iova, eventIdx);
                made.setLog(guest.dirtyLog(), ring.info().logGpa());
                ring.mediateBy(made);
            }
        }
    }

    private void takeInterrupts() {
        int last = rings.stream().mapToInt(ring -> ring.info().index()).max().orElse(-1);
        int[] fds = new int[last + 2];
        Arrays.fill(fds, -1);
        for (ServedRing ring : rings) {
            undo.push(ring::close);
            fds[ring.info().index() + 1] = ring.takeCall(device);
        }
        ServedRing first = rings.isEmpty() ? null : rings.getFirst();
        if (first != null) {
            fds[0] = first.configEvent().fd();
        }
        undo.push(vfio::clearInterrupts);
        vfio.setInterrupts(0, fds);
    }

    private void startLogging() {
        DirtyLog log = guest.dirtyLog();
        if (log != null && hardware.hasMigration()) {
            long bytes = log.bits().byteSize();
            logIova = dma.mapOwn(log.bits().address(), bytes);
            hardware.startLogging(logIova, bytes);
        }
    }

    private void stopLogging() {
        if (logIova != -1) {
            hardware.stopLogging();
            dma.unmapOwn(logIova);
            logIova = -1;
        }
    }

    /** Whether the log was switched since this was started. */
    boolean loggingChanges() {
        boolean deviceLogs = logIova != -1;
        boolean now = guest.dirtyLog() != null;
        return owner.settings().swLiveMigration() ? now != logging : now != deviceLogs;
    }

    /** Has the device log, or no more. */
    void switchLogging() {
        if (guest.dirtyLog() == null) {
            stopLogging();
        } else {
            startLogging();
        }
    }

    boolean serves(int queue) {
        return find(queue) != null;
    }

    boolean mediates(int queue) {
        ServedRing ring = find(queue);
        return ring != null && ring.mediated() != null;
    }

    private @Nullable ServedRing find(int queue) {
        for (ServedRing ring : rings) {
            if (ring.info().index() == queue) {
                return ring;
            }
        }
        return null;
    }

    /**
     * Takes what the guest is notified by now.
     *
     * @return false if that takes another start: the device cannot signal it, and the relay does not hear the device
     */
    boolean takeCall(int queue) {
        ServedRing ring = find(queue);
        if (ring == null) {
            return true;
        }
        if (ring.interrupt() == null && !ServedRing.canBeInterrupted(device.callFd(queue))) {
            return false;
        }
        vfio.setInterrupts(queue + 1, ring.takeCall(device));
        return true;
    }

    long[] stats(int queue) {
        ServedRing ring = find(queue);
        return ring == null ? new long[3] : ring.stats();
    }

    void resetStats(int queue) {
        ServedRing ring = find(queue);
        if (ring != null) {
            ring.resetStats();
        }
    }

    @Override
    public void offerDoorbells(boolean enable) {
        for (ServedRing ring : rings) {
            if (ring.mediated() == null) {
                Doorbells.offer(owner, device, ring.info().index(), enable);
            }
        }
    }

    private void unmapGuest() {
        if (!keepsGuest) {
            dma.close();
        }
    }

    /** As {@link #stop}, but leaves the guest's memory mapped, for another that serves the same front-end: pinning it takes long. */
    DmaMappings stopForAnother() {
        keepsGuest = true;
        String trouble;
        try {
            trouble = halt();
        } catch (RuntimeException e) {
            dma.close();
            throw e;
        }
        if (trouble != null) {
            LOG.warn(
                    "{}: did not stop in good order, and was reset: {}",
                    owner.identity().name(),
                    trouble);
        }
        return dma;
    }

    /**
     * {@inheritDoc}
     *
     * @throws VhostException if the device did not stop in good order; it was reset, and all is done nevertheless
     */
    @Override
    public void stop() {
        String trouble = halt();
        if (trouble != null) {
            throw failure("was reset, as it did not stop: " + trouble);
        }
    }

    /** Stops, and says what went wrong with that, if anything. */
    private @Nullable String halt() {
        IfcvfRelay running = relay;
        if (running != null) {
            running.close();
        }
        int[] states = new int[rings.size()];
        String trouble = null;
        try {
            stopLogging();
            hardware.stop(rings.stream().map(ServedRing::queue).toList(), states);
        } catch (RuntimeException | InternalError e) {
            trouble = String.valueOf(e.getMessage());
        }
        try {
            tellPositions(states, trouble == null);
        } finally {
            unwind();
        }
        return trouble;
    }

    private void tellPositions(int[] states, boolean orderly) {
        for (RingInfo ring : idle) {
            device.setVringBase(ring.index(), ring.base());
        }
        for (int i = 0; i < rings.size(); i++) {
            ServedRing ring = rings.get(i);
            RingInfo info = ring.info();
            MediatedRing mediated = ring.mediated();
            try {
                if (mediated != null) {
                    tellMediated(ring, mediated);
                } else if (!info.packed()) {
                    // what the guest sees is what counts, whatever the device says
                    device.setVringBase(info.index(), HostWindow.getShort(info.device() + SplitLayout.RING_IDX));
                } else if (orderly) {
                    int used = states[i] >>> 16;
                    device.setVringBase(info.index(), used << 16 | used);
                }
                logUsed(info);
                HostWindow.settle();
            } catch (VhostException | InternalError e) {
                LOG.warn("{}: ring {}: {}", owner.identity().name(), info.index(), e.getMessage());
            }
        }
    }

    private void tellMediated(ServedRing ring, MediatedRing mediated) {
        try {
            if (mediated.relayVringUsed()) {
                ring.call();
            }
        } finally {
            device.setVringBase(ring.info().index(), mediated.base());
        }
    }

    /** The device marks buffers, not its rings. */
    private void logUsed(RingInfo ring) {
        if (guest.dirtyLog() == null) {
            return;
        }
        if (ring.packed()) {
            device.logWrite(ring.descGpa(), PackedLayout.descBytes(ring.size()));
            device.logWrite(ring.deviceGpa(), PackedLayout.EVENT_BYTES);
        } else {
            device.logUsedVring(ring.index(), 0, SplitLayout.usedBytes(ring.size()));
            if (ring.logGpa() == -1) {
                device.logWrite(ring.deviceGpa(), SplitLayout.usedBytes(ring.size()));
            }
        }
    }

    /** Ends all access of the device to memory, however it may be. */
    private void resetHard() {
        try {
            hardware.reset();
        } catch (VhostException | InternalError e) {
            LOG.debug("{}: {}", owner.identity().name(), e.getMessage());
            vfio.reset();
        }
    }

    private void unwind() {
        while (!undo.isEmpty()) {
            Runnable step = undo.pop();
            try {
                step.run();
            } catch (RuntimeException | InternalError e) {
                LOG.warn("{}: while letting go: {}", owner.identity().name(), e.getMessage());
            }
        }
    }

    private VhostException failure(String what) {
        return new VhostException(owner.identity().name() + ": " + what);
    }
}
