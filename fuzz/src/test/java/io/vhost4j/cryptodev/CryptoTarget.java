// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev;

import io.vhost4j.VirtioFeature;
import io.vhost4j.core.net.NetOptions;
import io.vhost4j.core.net.NetQueue;
import io.vhost4j.core.net.QueueListener;
import io.vhost4j.core.ring.RingFault;
import io.vhost4j.core.ring.RingSetup;
import io.vhost4j.crypto.CryptoException;
import io.vhost4j.crypto.CryptoRequest;
import io.vhost4j.cryptodev.jca.JcaDevice;
import io.vhost4j.fuzz.Bounds;
import io.vhost4j.fuzz.FuzzGuest;
import io.vhost4j.fuzz.Input;
import java.util.ArrayList;
import java.util.List;

/**
 * A crypto device's data queue and control queue, and a front-end's session messages. Requests are nearly right most of the time, and
 * the guest changes them between fetch and result.
 */
public final class CryptoTarget {
    private static final int SIZE = 16;
    private static final int DEPTH = 4;
    private static final int MAX_REQUEST = 0x800;
    private static final long RING = VirtioFeature.maskOf(VirtioFeature.VERSION_1, VirtioFeature.RING_INDIRECT_DESC);
    private static final JcaDevice JCA = new JcaDevice(null);
    private static final FuzzGuest[] GUESTS = {new FuzzGuest(), new FuzzGuest()};

    private final Input in;
    private final boolean packed;
    private final long features;
    private final Tally tally = new Tally();
    private final SessionTable sessions = new SessionTable(JCA, 8, tally);
    private final RequestParser parser = new RequestParser(sessions);
    private final DataQueue data = new DataQueue(0, DEPTH, 4096, parser, tally);
    private final ControlQueue control = new ControlQueue(sessions, tally);
    private final Side[] sides = new Side[2];
    private final List<Long> ids = new ArrayList<>();
    private final CryptoRequest[] burst = new CryptoRequest[DEPTH];
    private int fetched;

    /** A queue with its guest, and the driver's position. */
    private final class Side {
        private final FuzzGuest guest;
        private final NetQueue queue;
        private int slot;
        private boolean wrap = true;
        private int availIdx;

        private Side(FuzzGuest guest) {
            this.guest = guest;
            guest.reset();
            queue = new NetQueue(0, QUIET, new NetOptions(false, false, false, false), true);
            start(packed ? 0x8000_8000 : 0);
        }

        private void start(int base) {
            queue.pause();
            queue.setEnabled(true);
            queue.setActive(true);
            queue.start(
                    new RingSetup(
                            packed,
                            SIZE,
                            guest.ring(FuzzGuest.DESC),
                            guest.ring(FuzzGuest.AVAIL),
                            guest.ring(FuzzGuest.USED),
                            features,
                            base),
                    guest.memory());
            queue.resume();
        }

        private void restart() {
            queue.pause();
            int base = queue.stop();
            queue.resume();
            start(base);
        }

        /** A table with what is read in two pieces, and what is written in two. */
        private void offer(int readBytes, long writeBytes) {
            int first = in.below(readBytes + 1);
            long room = FuzzGuest.BASE + FuzzGuest.DATA + MAX_REQUEST + in.u8();
            int entries = 0;
            entries = entry(entries, FuzzGuest.BASE + FuzzGuest.DATA, first, 0);
            entries = entry(entries, FuzzGuest.BASE + FuzzGuest.DATA + first, readBytes - first, 0);
            long half = writeBytes / 2;
            entries = entry(entries, in.below(8) == 0 ? guest.address(in) : room, half, 2);
            entries = entry(entries, room + half, writeBytes - half, 2);
            makeAvailable(FuzzGuest.BASE + FuzzGuest.TABLE, 16L * entries, 4);
        }

        private int entry(int at, long gpa, long bytes, int flags) {
            if (packed) {
                guest.describePacked(FuzzGuest.TABLE, at, gpa, bytes, 0, flags);
            } else {
                guest.describe(FuzzGuest.TABLE, at, gpa, bytes, flags | (at < 3 ? 1 : 0), at + 1);
            }
            return at + 1;
        }

        private void makeAvailable(long gpa, long bytes, int flags) {
            if (packed) {
                guest.describePacked(FuzzGuest.DESC, slot, gpa, bytes, slot, flags | (wrap ? 0x80 : 0x8000));
                slot = (slot + 1) % SIZE;
                wrap ^= slot == 0;
            } else {
                int head = availIdx % SIZE;
                guest.describe(FuzzGuest.DESC, head, gpa, bytes, flags, in.u8());
                guest.poke(FuzzGuest.AVAIL + 4 + 2 * head, new byte[] {(byte) head, 0});
                availIdx = availIdx + 1 & 0xFFFF;
                guest.poke(FuzzGuest.AVAIL + 2, new byte[] {(byte) availIdx, (byte) (availIdx >> 8)});
            }
        }
    }

    private static final QueueListener QUIET = new QueueListener() {
        @Override
        public void fault(int queue, RingFault fault, long value) {
            // the queue stays broken until the next start
        }
    };

    private CryptoTarget(Input in) {
        this.in = in;
        int kind = in.u8();
        packed = (kind & 1) != 0;
        long revision = (kind & 2) != 0 ? 1 : 0;
        features = RING | revision | ((kind & 4) != 0 ? 0x3e : 0);
        parser.setFeatures(features);
        control.setRevised(revision != 0);
        sides[0] = new Side(GUESTS[0]);
        sides[1] = new Side(GUESTS[1]);
    }

    /** Runs one input. */
    public static void fuzzerTestOneInput(byte[] bytes) {
        Input in = new Input(bytes);
        try (Bounds bounds = new Bounds()) {
            CryptoTarget target = new CryptoTarget(in);
            while (in.more()) {
                target.step();
                bounds.checkTime();
            }
            target.finish(DEPTH);
            target.sessions.closeAll();
            Bounds.check(target.sessions.size() == 0, "sessions are left");
            GUESTS[0].check();
            GUESTS[1].check();
        }
    }

    private void step() {
        switch (in.below(12)) {
            case 0, 1, 2 -> request();
            case 3 -> openByMessage();
            case 4 -> openByQueue();
            case 5 -> closeOne();
            case 6 -> fetch();
            case 7 -> finish(in.below(DEPTH + 1));
            case 8 -> sides[0].guest.poke(FuzzGuest.DATA + in.u16() % 0x1000, in.take(1 + in.below(16)));
            case 9 -> sides[0].guest.poke(in.u16() & 0x4FFF, in.take(1 + in.below(16)));
            case 10 -> sides[in.below(2)].restart();
            default -> sides[0].makeAvailable(sides[0].guest.address(in), in.length(), (int) in.pick(0, 1, 2, 4));
        }
        Bounds.check(sessions.size() <= 8, sessions.size() + " sessions");
    }

    private long anyId() {
        return ids.isEmpty() || in.below(8) == 0 ? in.u64() : ids.get(in.below(ids.size()));
    }

    /** A small number, or one that lies. */
    private int number() {
        return in.below(6) == 0 ? in.u32() : in.below(64);
    }

    private void request() {
        byte[] bytes = new byte[160 + in.u8()];
        Bytes.setInt(bytes, 0, (int) in.pick(0, 1, 0x100, 0x200, 0x300, 0x301, 0x400, 0x401, 0x402, 0x403, in.u16()));
        Bytes.setLong(bytes, 8, anyId());
        Bytes.setInt(bytes, 16, in.below(2));
        for (int at = 24; at < 100; at += 4) {
            Bytes.setInt(bytes, at, number());
        }
        Bytes.setInt(bytes, 24 + 40, in.below(3));
        Bytes.setInt(bytes, 24 + 72, in.below(3));
        sides[0].guest.poke(FuzzGuest.DATA, bytes);
        sides[0].offer(in.below(4) == 0 ? in.below(bytes.length) : bytes.length, in.length());
    }

    private void openByMessage() {
        byte[] message = new byte[in.flag() ? 1072 : 632];
        boolean asymmetric = message.length == 1072 && in.below(4) == 0;
        Bytes.setInt(message, 0, asymmetric ? 0x404 : 2);
        for (int at = 8; at < 40; at += 4) {
            Bytes.setInt(message, at, in.below(8) == 0 ? in.u32() : in.below(4) == 0 ? in.below(33) : 16);
        }
        Bytes.setInt(message, 8, in.below(16));
        Bytes.setInt(message, 32, in.below(3) | in.below(3) << 8 | in.below(4) << 16 | in.below(3) << 24);
        byte[] key = in.take(in.below(40));
        System.arraycopy(key, 0, message, asymmetric ? 40 : 56, key.length);
        try {
            SessionMessage decoded = new SessionMessage(message);
            long id = sessions.open(decoded.parameters());
            decoded.answer(id);
            Bounds.check(id > 0, "session " + id);
            ids.add(id);
        } catch (CryptoException e) {
            Bounds.check(e.status().code() != 0, "refused with the status of success");
        }
    }

    private void openByQueue() {
        byte[] bytes = new byte[72 + in.below(80)];
        int service = in.below(6);
        Bytes.setInt(bytes, 0, service << 8 | (int) in.pick(2, 2, 2, 4, 3, 5, in.u8()));
        for (int at = 16; at < 72; at += 4) {
            Bytes.setInt(bytes, at, in.below(3) == 0 ? number() : in.below(4) == 0 ? 16 : in.below(4));
        }
        sides[1].guest.poke(FuzzGuest.DATA, bytes);
        sides[1].offer(bytes.length, in.pick(16, 1, 0, 17, in.u16()));
        sides[1].queue.serve(control, true);
    }

    private void closeOne() {
        sessions.close(anyId());
    }

    private void fetch() {
        int room = DEPTH - fetched;
        int stored = sides[0].queue.serve(data.fetch(burst, fetched, room), true);
        Bounds.check(stored >= 0 && stored <= room, stored + " of " + room + " requests");
        JCA.enqueueBurst(0, burst, fetched, stored);
        JCA.dequeueBurst(0, burst, fetched, stored);
        fetched += stored;
    }

    private void finish(int most) {
        for (int i = Math.min(most, fetched); i > 0; i--) {
            data.finished((GuestRequest) burst[--fetched]);
        }
        sides[0].queue.serve(data.finish(), true);
    }
}
