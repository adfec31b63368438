// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.net;

import io.vhost4j.VhostException;
import io.vhost4j.core.layout.DescFlags;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.memory.DirtyLog;
import io.vhost4j.core.memory.HostWindow;
import io.vhost4j.core.memory.Iotlb;
import io.vhost4j.fuzz.Bounds;
import io.vhost4j.fuzz.Canary;
import io.vhost4j.fuzz.FuzzGuest;
import io.vhost4j.fuzz.Input;
import org.jspecify.annotations.Nullable;

/** One ring, split or packed, of either direction, between whose bursts the guest writes what it likes. */
public final class RingTarget {
    private static final RingRig RIG = new RingRig();
    private static final Canary LOG = new Canary(64);
    private static final int MAX_SIZE = 256;

    private final Input in;
    private final boolean packed;
    private final boolean receive;
    private final int size;
    private final long features;
    private final @Nullable Iotlb iotlb;
    private final NetQueue queue;

    private int slot;
    private boolean wrap = true;
    private int availIdx;

    private RingTarget(Input in) {
        this.in = in;
        int kind = in.u8();
        packed = (kind & 1) != 0;
        receive = (kind & 2) != 0;
        int wanted = 1 + in.u8();
        size = packed ? wanted : Integer.highestOneBit(wanted);
        features = RingRig.features(in, packed);
        iotlb = (kind & 4) != 0 ? new Iotlb(16, (iova, permission) -> {}) : null;
        queue = new NetQueue(
                receive ? 0 : 1,
                RIG,
                new NetOptions((kind & 8) != 0, (kind & 16) != 0, (kind & 32) != 0, (kind & 64) != 0));
        int base = (kind & 128) != 0 ? base(in.u32()) : packed ? 0x8000_8000 : 0;
        slot = base & 0x7FFF;
        wrap = (base & 0x8000) != 0;
        availIdx = base & 0xFFFF;
        start(base);
    }

    /** Runs one input. */
    public static void fuzzerTestOneInput(byte[] bytes) {
        Input in = new Input(bytes);
        try (Bounds bounds = new Bounds()) {
            RIG.reset(in);
            LOG.reset();
            RingTarget target = new RingTarget(in);
            while (in.more()) {
                target.step();
                bounds.checkTime();
            }
            RIG.burst(target.queue, target.receive, in);
            target.queue.pause();
            target.queue.setActive(false);
            target.queue.stop();
            target.queue.resume();
            RIG.guest.check();
            LOG.check();
        }
    }

    private int base(int any) {
        if (!packed) {
            return any & 0xFFFF;
        }
        int avail = (any & 0x7FFF) % size | any & 0x8000;
        int used = (any >>> 16 & 0x7FFF) % size | any >>> 16 & 0x8000;
        return avail | used << 16;
    }

    private void start(int base) {
        queue.pause();
        queue.start(RIG.setup(packed, size, features, base), RIG.guest.memory(), iotlb);
        queue.setCall(RIG.event);
        queue.setErr(RIG.event);
        queue.setEnabled(true);
        queue.setActive(true);
        queue.resume();
    }

    private void step() {
        switch (in.below(16)) {
            case 0, 1 -> RIG.burst(queue, receive, in);
            case 2, 3, 4 -> offerGood();
            case 5, 6 -> offerAny();
            case 7 -> entry(FuzzGuest.TABLE);
            case 8 -> entry(FuzzGuest.DESC);
            case 9 -> moveIndex();
            case 10 -> RIG.guest.poke(in.u16() & 0x3FFF, in.take(1 + in.below(16)));
            case 11 -> RIG.guest.poke(FuzzGuest.DATA + in.u8(), in.take(1 + in.below(64)));
            case 12 -> queue.enableNotification(in.flag());
            case 13 -> changeWhilePaused();
            case 14 -> look();
            default -> translations();
        }
    }

    private void look() {
        int entries = receive ? queue.availEntries() : queue.rxQueueCount();
        Bounds.check(entries >= 0 && entries <= size, entries + " entries in a ring of " + size);
        queue.calls().vringCall();
        queue.calls().notifyGuest();
        RIG.event.drain();
    }

    private void changeWhilePaused() {
        int what = in.below(6);
        queue.pause();
        try {
            switch (what) {
                case 0 -> queue.setEnabled(in.flag());
                case 1 -> queue.setLog(null, -1, null);
                case 2 -> log();
                case 3 -> {
                    var setup = RIG.setup(packed, size, features, 0);
                    queue.remap(RIG.guest.memory(), setup.desc(), setup.driver(), setup.device());
                }
                case 4 -> {
                    int base = queue.stop();
                    queue.start(RIG.setup(packed, size, features, base), RIG.guest.memory(), iotlb);
                }
                default -> queue.resumeAtUsed();
            }
        } finally {
            queue.resume();
        }
    }

    /** A burst with a log, which ends before the log does. */
    private void log() {
        try (OwnedFd file = LOG.file().dup()) {
            DirtyLog log = DirtyLog.map(file, LOG.size(), Canary.EDGE);
            queue.setLog(log, in.flag() ? -1 : in.u64(), RIG.event);
            queue.resume();
            RIG.burst(queue, receive, in);
            queue.pause();
            queue.setLog(null, -1, null);
            log.release();
        }
    }

    private void translations() {
        Iotlb to = iotlb;
        if (to == null) {
            return;
        }
        try {
            if (in.flag()) {
                long gpa = RIG.guest.address(in);
                to.update(in.flag() ? gpa : in.u64(), in.length(), gpa + 0x7000_0000_0000L, in.below(5));
            } else {
                to.invalidate(RIG.guest.address(in), in.length());
                queue.pause();
                var setup = RIG.setup(packed, size, features, 0);
                queue.remap(RIG.guest.memory(), setup.desc(), setup.driver(), setup.device());
                queue.resume();
            }
        } catch (VhostException e) {
            Bounds.check(e.getMessage().contains("IOTLB"), "an error that says nothing");
        }
    }

    /** A chain that a decent driver would offer: in the right direction, long enough. */
    private void offerGood() {
        int count = 1 + in.below(3);
        int direction = receive ? DescFlags.WRITE : 0;
        int first = packed ? slot : availIdx & (size - 1);
        for (int i = 0; i < count; i++) {
            long gpa = FuzzGuest.BASE + FuzzGuest.DATA + in.u16() % 0xA000;
            int flags = direction | (i + 1 < count ? DescFlags.NEXT : 0);
            describe(gpa, 12 + in.u16() % 1600, flags, i == 0);
        }
        publish(first);
    }

    private void offerAny() {
        int count = 1 + in.below(4);
        int first = packed ? slot : availIdx & (size - 1);
        for (int i = 0; i < count; i++) {
            int kind = in.u8();
            boolean table = (kind & 8) != 0;
            long gpa = table ? FuzzGuest.BASE + FuzzGuest.TABLE + (kind >> 4) : RIG.guest.address(in);
            long bytes = table ? 16L * in.below(20) + (kind >> 6) : in.length();
            describe(gpa, bytes, kind & 7 | (table ? DescFlags.INDIRECT : 0), i == 0);
        }
        publish(first);
    }

    private int chained;

    /** In a split ring, the descriptors of a chain follow each other in the table. */
    private void describe(long gpa, long bytes, int flags, boolean first) {
        chained = first ? 0 : chained + 1;
        if (packed) {
            int state = wrap ? 0x80 : 0x8000;
            RIG.guest.describePacked(FuzzGuest.DESC, slot, gpa, bytes, slot, flags | state);
            if (++slot == size) {
                slot = 0;
                wrap = !wrap;
            }
        } else {
            int at = (availIdx + chained) & (size - 1);
            RIG.guest.describe(FuzzGuest.DESC, at, gpa, bytes, flags, (at + 1) & (size - 1));
        }
    }

    private void publish(int head) {
        if (!packed) {
            long avail = RIG.guest.ring(FuzzGuest.AVAIL);
            HostWindow.setShort(avail + 4 + 2L * (availIdx & (size - 1)), head);
            availIdx = (availIdx + 1) & 0xFFFF;
            HostWindow.setShort(avail + 2, availIdx);
        }
    }

    private void entry(int table) {
        int at = in.below(MAX_SIZE);
        int kind = in.u8();
        if (packed) {
            RIG.guest.describePacked(
                    table,
                    at,
                    RIG.guest.address(in),
                    in.length(),
                    in.u8(),
                    kind & 7 | (kind << 4 & 0x80) | (kind << 11 & 0x8000));
        } else {
            RIG.guest.describe(table, at, RIG.guest.address(in), in.length(), kind & 7, in.u8());
        }
    }

    private void moveIndex() {
        if (packed) {
            slot = in.u8() % size;
            wrap = in.flag();
            return;
        }
        availIdx = (availIdx + in.u8() - in.below(4)) & 0xFFFF;
        HostWindow.setShort(RIG.guest.ring(FuzzGuest.AVAIL) + 2, availIdx);
    }
}
