// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.sim;

import io.vhost4j.VhostDevice;
import io.vhost4j.VhostException;
import io.vhost4j.VirtioFeature;
import io.vhost4j.core.layout.NetHeader;
import io.vhost4j.core.memory.DirtyLog;
import io.vhost4j.core.memory.GuestAccess;
import io.vhost4j.core.memory.HostWindow;
import io.vhost4j.core.ring.ChainBatch;
import io.vhost4j.drivers.vdpa.KickSet;
import io.vhost4j.drivers.vdpa.RingInfo;
import io.vhost4j.drivers.vdpa.Worker;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Moves frames between the rings of one front-end, on a thread of its own, while a device serves it. */
final class SimEngine implements AutoCloseable {
    private static final int BURST = 32;
    private static final int MAX_FRAME = 65_550;
    private static final int MAX_WAITING = 256;
    private static final int POLL_MILLIS = 1;

    private final SimDevice owner;
    private final SimSettings settings;
    private final @Nullable SimSegment segment;
    private final VhostDevice device;
    private final List<SimRing> rings = new ArrayList<>();
    private final int headerBytes;
    private final boolean mergeable;
    private final KickSet kicks = new KickSet();
    private final byte[] frame = new byte[MAX_FRAME];
    private boolean polls;
    private long moved;
    private @Nullable Worker worker;

    /** Frames from the wire. */
    private final Queue<byte[]> arrived = new ArrayDeque<>();

    SimEngine(SimDevice owner, SimSettings settings, @Nullable SimSegment segment, VhostDevice device) {
        this.owner = owner;
        this.settings = settings;
        this.segment = segment;
        this.device = device;
        long features = device.getNegotiatedFeatures();
        mergeable = VirtioFeature.MRG_RXBUF.in(features);
        boolean modern = mergeable || VirtioFeature.VERSION_1.in(features) || VirtioFeature.RING_PACKED.in(features);
        headerBytes = modern ? NetHeader.BYTES : NetHeader.LEGACY_BYTES;
    }

    synchronized void start(Consumer<String> onFailure) {
        GuestAccess access = RingInfo.accessOf(device);
        for (RingInfo info : RingInfo.runningOf(device)) {
            rings.add(new SimRing(device, info, access.guestMemory()));
            int fd = device.kickFd(info.index());
            if (fd < 0) {
                polls = true;
            } else {
                kicks.add(fd, info.index());
            }
        }
        setLog(access.dirtyLog());
        worker = Worker.start("vdpa-" + owner.identity().name(), this::run, kicks::wakeUp, onFailure);
    }

    synchronized void setLog(@Nullable DirtyLog log) {
        for (SimRing ring : rings) {
            ring.ring.setLog(log, device.getVringMemory(ring.index).logGuestAddr());
        }
        HostWindow.settle();
    }

    synchronized void setEnabled(int queue, boolean enabled) {
        SimRing ring = find(queue);
        if (ring != null) {
            ring.enabled = enabled;
        }
        kicks.wakeUp();
    }

    synchronized void takeCall(int queue) {
        SimRing ring = find(queue);
        if (ring != null) {
            ring.takeCall(device);
        }
    }

    synchronized long[] stats(int queue) {
        SimRing ring = find(queue);
        return ring == null ? new long[2] : new long[] {ring.frames, ring.bytes};
    }

    /** A frame from the wire. */
    void offer(byte[] source, int length) {
        synchronized (arrived) {
            if (arrived.size() < MAX_WAITING) {
                arrived.add(Arrays.copyOf(source, length));
            }
        }
        kicks.wakeUp();
    }

    /** Stops, and tells where the rings stand. */
    @Override
    public void close() {
        Worker running = worker;
        if (running != null) {
            running.stop();
        }
        synchronized (this) {
            for (SimRing ring : rings) {
                if (!settings.noBase()) {
                    device.setVringBase(ring.index, settings.badBase() ? ~ring.ring.base() : ring.ring.base());
                }
                ring.close();
            }
            rings.clear();
        }
        kicks.close();
    }

    private @Nullable SimRing find(int queue) {
        for (SimRing ring : rings) {
            if (ring.index == queue) {
                return ring;
            }
        }
        return null;
    }

    private void run(Worker thread) {
        boolean asked = false;
        while (!thread.stopping()) {
            boolean progress;
            synchronized (this) {
                progress = round();
                HostWindow.settle();
                if (!progress && !asked) {
                    // look once more afterwards: a buffer may have come before the guest saw this
                    rings.forEach(ring -> ring.ring.enableNotification(true));
                    HostWindow.settle();
                    asked = true;
                    progress = true;
                } else if (progress && asked) {
                    rings.forEach(ring -> ring.ring.enableNotification(false));
                    asked = false;
                }
            }
            if (!progress) {
                kicks.await(polls ? POLL_MILLIS : -1);
            }
        }
    }

    private boolean round() {
        boolean progress = false;
        for (SimRing from : rings) {
            if (!from.receives() && from.enabled) {
                progress |= send(from);
            }
        }
        return segment == null ? progress : deliverArrived() | progress;
    }

    private boolean send(SimRing from) {
        int count = from.ring.gather(BURST);
        from.check();
        ChainBatch batch = from.ring.batch();
        int done = 0;
        while (done < count && leaves(from, batch, done)) {
            batch.writtenBytes[done] = 0;
            done++;
        }
        if (done > 0) {
            from.ring.publish(done);
            from.announce();
        }
        if (mustFail()) {
            throw new VhostException("has moved " + settings.failAfter() + " frames and fails, as was asked for");
        }
        return done > 0;
    }

    private boolean mustFail() {
        return settings.failAfter() > 0 && moved >= settings.failAfter();
    }

    /** Whether the chain's frame is done with. */
    private boolean leaves(SimRing from, ChainBatch batch, int chain) {
        if (mustFail()) {
            return false;
        }
        long total = batch.totalBytes(chain);
        int length = total < headerBytes || total - headerBytes > MAX_FRAME ? 0 : read(batch, chain, (int) total);
        if (length > 0 && !lost()) {
            SimRing back = find(from.index - 1);
            if (segment != null) {
                segment.carry(owner, frame, length);
            } else if (back != null && back.enabled && !deliver(back, frame, length)) {
                moved--;
                return false;
            }
        }
        from.frames++;
        from.bytes += Math.max(0, length);
        return true;
    }

    private boolean lost() {
        moved++;
        return settings.drop() > 0 && moved % settings.drop() == 0;
    }

    /** Copies a chain without its header; returns the length. */
    private int read(ChainBatch batch, int chain, int total) {
        int skip = headerBytes;
        int at = 0;
        for (int i = batch.firstSegment[chain]; i < batch.firstSegment[chain + 1]; i++) {
            int lead = Math.min(skip, batch.length[i]);
            skip -= lead;
            int bytes = Math.min(batch.length[i] - lead, total - headerBytes - at);
            HostWindow.copy(batch.address[i] + lead, frame, at, bytes);
            at += bytes;
        }
        return at;
    }

    private boolean deliverArrived() {
        SimRing to = find(0);
        boolean progress = false;
        while (to != null && to.enabled) {
            byte[] next;
            synchronized (arrived) {
                next = arrived.peek();
            }
            if (next == null || !deliver(to, next, next.length)) {
                break;
            }
            synchronized (arrived) {
                arrived.poll();
            }
            progress = true;
        }
        return progress;
    }

    /** Writes a frame into the guest's buffers; false if there are not enough. */
    private boolean deliver(SimRing to, byte[] source, int length) {
        int count = to.ring.gather(mergeable ? BURST : 1);
        to.check();
        ChainBatch batch = to.ring.batch();
        int used = 0;
        long room = 0;
        while (used < count && room < (long) headerBytes + length) {
            room += Math.max(0, batch.totalBytes(used));
            used++;
        }
        if (room < (long) headerBytes + length) {
            // no buffer of a ring that is not mergeable will ever do
            return !mergeable && count > 0;
        }
        int at = -headerBytes;
        for (int chain = 0; chain < used; chain++) {
            int before = at;
            at = write(batch, chain, source, at, length, used);
            batch.writtenBytes[chain] = at - before;
        }
        to.ring.publish(used);
        to.announce();
        to.frames++;
        to.bytes += length;
        return true;
    }

    /** Fills one chain from position {@code at}, which is negative within the header; returns the next position. */
    private int write(ChainBatch batch, int chain, byte[] source, int at, int length, int buffers) {
        int position = at;
        for (int i = batch.firstSegment[chain]; i < batch.firstSegment[chain + 1]; i++) {
            long to = batch.address[i];
            int left = batch.length[i];
            while (position < 0 && left > 0) {
                HostWindow.setByte(to, headerByte(position + headerBytes, buffers));
                to++;
                left--;
                position++;
            }
            int bytes = Math.min(left, length - Math.max(0, position));
            if (position >= 0 && bytes > 0) {
                HostWindow.copy(source, position, to, bytes);
                position += bytes;
            }
        }
        return position;
    }

    private static int headerByte(int offset, int buffers) {
        return offset == NetHeader.NUM_BUFFERS ? buffers : 0;
    }
}
