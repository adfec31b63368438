// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.ring;

import io.vhost4j.VhostException;
import io.vhost4j.core.layout.DescFlags;
import io.vhost4j.core.layout.InflightLayout;
import io.vhost4j.core.memory.HostWindow;
import io.vhost4j.core.net.NetOptions;
import io.vhost4j.core.net.NetQueue;
import io.vhost4j.core.net.RingRig;
import io.vhost4j.fuzz.Bounds;
import io.vhost4j.fuzz.Canary;
import io.vhost4j.fuzz.FuzzGuest;
import io.vhost4j.fuzz.Input;

/** A ring that goes on from an in-flight buffer with anything in it, which changes while the ring runs. */
public final class InflightTarget {
    private static final RingRig RIG = new RingRig();
    private static final int MAX_SIZE = 32;

    private final Input in;
    private final boolean packed;
    private final boolean receive;
    private final int size;
    private final Canary buffer;

    private InflightTarget(Input in, boolean packed, boolean receive, int size, Canary buffer) {
        this.in = in;
        this.packed = packed;
        this.receive = receive;
        this.size = size;
        this.buffer = buffer;
    }

    /** Runs one input. */
    public static void fuzzerTestOneInput(byte[] bytes) {
        Input in = new Input(bytes);
        int kind = in.u8();
        boolean packed = (kind & 1) != 0;
        int wanted = 1 + in.below(MAX_SIZE);
        int size = packed ? wanted : Integer.highestOneBit(wanted);
        try (Bounds bounds = new Bounds();
                Canary buffer = new Canary(InflightLayout.queueBytes(packed, size))) {
            RIG.reset(in);
            InflightTarget target = new InflightTarget(in, packed, (kind & 2) != 0, size, buffer);
            target.run(bounds);
            buffer.check();
            RIG.guest.check();
        }
    }

    private void run(Bounds bounds) {
        if (in.flag()) {
            HostWindow.setShort(buffer.address() + InflightLayout.VERSION, 1);
            HostWindow.setShort(buffer.address() + InflightLayout.DESC_NUM, size);
        }
        for (int changes = in.below(24); changes > 0; changes--) {
            change();
        }
        for (int ring = in.below(24); ring > 0; ring--) {
            offer();
        }
        NetQueue queue = new NetQueue(receive ? 0 : 1, RIG, new NetOptions(true, false, false, false));
        for (int life = 0; life < 3; life++) {
            if (!start(queue)) {
                return;
            }
            for (int turns = in.below(8); turns > 0; turns--) {
                RIG.burst(queue, receive, in);
                bounds.checkTime();
                if (in.flag()) {
                    change();
                }
                offer();
            }
            queue.pause();
            queue.setActive(false);
            queue.stop();
            queue.resume();
        }
    }

    /** False if the buffer was refused. */
    private boolean start(NetQueue queue) {
        int any = in.u32();
        int base = packed ? (any & 0x7FFF) % size | any & 0x8000 : any & 0xFFFF;
        long features = RingRig.features(in, packed);
        queue.pause();
        try {
            queue.start(RIG.setup(packed, size, features, packed ? base | base << 16 : base), RIG.guest.memory());
            queue.track(buffer.address());
            queue.setEnabled(true);
            queue.setActive(true);
            return true;
        } catch (VhostException e) {
            Bounds.check(e.getMessage().contains("in-flight"), "refused: " + e.getMessage());
            queue.stop();
            return false;
        } finally {
            queue.resume();
        }
    }

    private void change() {
        int header = packed ? InflightLayout.PACKED_ENTRIES : InflightLayout.SPLIT_ENTRIES;
        int shift = packed ? InflightLayout.PACKED_ENTRY_SHIFT : InflightLayout.SPLIT_ENTRY_SHIFT;
        switch (in.below(4)) {
            case 0 -> HostWindow.setShort(buffer.address() + 12 + 2L * in.below(5), in.u8());
            case 1 -> HostWindow.setByte(buffer.address() + in.u16() % (int) buffer.size(), in.u8());
            case 2 -> HostWindow.setByte(buffer.address() + header + ((long) in.below(size) << shift), 1);
            default -> entry(buffer.address() + header + ((long) in.below(size) << shift));
        }
    }

    private void entry(long at) {
        HostWindow.setByte(at + InflightLayout.INFLIGHT, 1);
        HostWindow.setLong(at + InflightLayout.COUNTER, in.u8());
        if (!packed) {
            HostWindow.setShort(at + InflightLayout.SPLIT_NEXT, in.u8());
            return;
        }
        HostWindow.setShort(at + InflightLayout.PACKED_NEXT, in.below(size + 1));
        HostWindow.setShort(at + InflightLayout.PACKED_LAST, in.below(size + 1));
        HostWindow.setShort(at + InflightLayout.PACKED_NUM, in.below(8));
        HostWindow.setShort(at + InflightLayout.PACKED_ID, in.u8());
        HostWindow.setShort(at + InflightLayout.PACKED_FLAGS, in.below(8) | in.u8() << 8 & 0x8080);
        HostWindow.setInt(at + InflightLayout.PACKED_LEN, (int) in.length());
        HostWindow.setLong(at + InflightLayout.PACKED_ADDR, RIG.guest.address(in));
    }

    private void offer() {
        int slot = in.below(size);
        int flags = in.below(4) & DescFlags.NEXT | (receive ? DescFlags.WRITE : 0);
        long gpa = FuzzGuest.BASE + FuzzGuest.DATA + in.u8();
        if (packed) {
            boolean lap = in.flag();
            RIG.guest.describePacked(FuzzGuest.DESC, slot, gpa, in.u8(), slot, flags | (lap ? 0x80 : 0x8000));
        } else {
            RIG.guest.describe(FuzzGuest.DESC, slot, gpa, in.u8(), flags, in.below(size));
            long avail = RIG.guest.ring(FuzzGuest.AVAIL);
            HostWindow.setShort(avail + 4 + 2L * in.below(size), slot);
            HostWindow.setShort(avail + 2, HostWindow.getShort(avail + 2) + 1);
            HostWindow.setShort(
                    RIG.guest.ring(FuzzGuest.USED) + 2,
                    in.flag() ? in.u8() : HostWindow.getShort(RIG.guest.ring(FuzzGuest.USED) + 2));
        }
    }
}
