// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.memory;

import io.vhost4j.VhostException;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.fuzz.Bounds;
import io.vhost4j.fuzz.Canary;
import io.vhost4j.fuzz.FuzzGuest;
import io.vhost4j.fuzz.Input;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/** The IOTLB and the dirty log, each next to a model that is too simple to be wrong. */
public final class IotlbTarget {
    private static final FuzzGuest GUEST = new FuzzGuest();
    private static final Canary LOG = new Canary(40);
    private static final int LIMIT = 1 << 20;
    private static final long USER_OFFSET = 0x7000_0000_0000L;

    private final Input in;
    private final List<Long> missed = new ArrayList<>();
    private final Iotlb iotlb = new Iotlb(LIMIT, (iova, permission) -> missed.add(iova));
    /** The latest first. */
    private final List<Iotlb.Range> model = new ArrayList<>();

    private final BitSet dirty = new BitSet();
    private final Translator reads = new Translator(GUEST.memory(), iotlb, Iotlb.READ);
    private final Translator writes = new Translator(GUEST.memory(), iotlb, Iotlb.WRITE);

    private IotlbTarget(Input in) {
        this.in = in;
    }

    /** Runs one input. */
    public static void fuzzerTestOneInput(byte[] bytes) {
        Input in = new Input(bytes);
        LOG.reset();
        try (Bounds bounds = new Bounds();
                OwnedFd file = LOG.file().dup()) {
            DirtyLog log = DirtyLog.map(file, LOG.size(), Canary.EDGE);
            IotlbTarget target = new IotlbTarget(in);
            while (in.more()) {
                target.step(log);
                bounds.checkTime();
            }
            target.checkLog();
            log.release();
            LOG.check();
        }
    }

    private void step(DirtyLog log) {
        switch (in.below(6)) {
            case 0, 1 -> update();
            case 2 -> invalidate();
            case 3 -> ask(reads, Iotlb.READ);
            case 4 -> ask(writes, Iotlb.WRITE);
            default -> mark(log);
        }
    }

    private long iova() {
        return switch (in.below(4)) {
            case 0 -> in.u16();
            case 1 -> (long) in.u8() << 12;
            case 2 -> -1L - in.u16();
            default -> in.u64();
        };
    }

    private void update() {
        long iova = iova();
        long size = in.flag() ? in.length() : in.u64();
        long user = GUEST.address(in) + USER_OFFSET;
        int permission = in.below(5);
        try {
            iotlb.update(iova, size, user, permission);
        } catch (VhostException e) {
            Bounds.check(
                    size <= 0 || wraps(iova, size) || wraps(user, size) || permission % 4 == 0, "good update refused");
            return;
        }
        Bounds.check(size > 0 && permission % 4 != 0, "bad update taken");
        forget(iova, iova + (size - 1));
        model.addFirst(new Iotlb.Range(iova, size, user, permission));
        Bounds.check(iotlb.size() == model.size(), "ranges: " + iotlb.size() + ", model has " + model.size());
    }

    private static boolean wraps(long start, long size) {
        return Long.compareUnsigned(start + (size - 1), start) < 0;
    }

    private void invalidate() {
        long iova = iova();
        long size = in.flag() ? in.length() : in.u64();
        if (size == 0) {
            return;
        }
        iotlb.invalidate(iova, size);
        forget(iova, wraps(iova, size) ? -1 : iova + (size - 1));
        reads.reset(GUEST.memory());
        writes.reset(GUEST.memory());
        Bounds.check(iotlb.size() == model.size(), "ranges: " + iotlb.size() + ", model has " + model.size());
    }

    private void forget(long first, long last) {
        boolean any = model.removeIf(r -> Long.compareUnsigned(r.iova(), last) <= 0
                && Long.compareUnsigned(r.iova() + (r.size() - 1), first) >= 0);
        if (any) {
            // as the event thread does when something was replaced
            reads.reset(GUEST.memory());
            writes.reset(GUEST.memory());
        }
    }

    private void ask(Translator translator, int permission) {
        long iova = iova();
        long bytes = in.length();
        long host = translator.toHost(iova, bytes);
        long expected = bytes == 0 ? 0 : inOnePiece(iova, bytes, permission);
        Bounds.check(host == expected, String.format("iova %#x+%#x is at %#x, not %#x", iova, bytes, expected, host));
        long piece = translator.contiguous(iova);
        Bounds.check(piece >= 0 && (host == 0 || piece >= bytes), "pieces of " + piece);
        if (piece > 0) {
            Bounds.check(inOnePiece(iova, piece, permission) != 0, "a piece that is too long");
        }
        long whole = bytes > 0 && bytes < 1 << 20 ? iotlb.toHost(GUEST.memory(), iova, bytes, permission) : 0;
        Bounds.check(whole == 0 || whole == inPieces(iova, bytes, permission), "pieces do not fit");
    }

    private long inOnePiece(long iova, long bytes, int permission) {
        for (Iotlb.Range range : model) {
            long offset = iova - range.iova();
            if (Long.compareUnsigned(offset, range.size()) < 0) {
                boolean good = (range.permission() & permission) != 0 && bytes <= range.size() - offset;
                return good ? GUEST.memory().userToHost(range.userAddr() + offset, bytes) : 0;
            }
        }
        return 0;
    }

    private long inPieces(long iova, long bytes, int permission) {
        long first = inOnePiece(iova, 1, permission);
        for (long i = 1; i < bytes; i = Math.min(bytes - 1, i + 509) + (i == bytes - 1 ? 1 : 0)) {
            if (inOnePiece(iova + i, 1, permission) != first + i) {
                return -1;
            }
        }
        return first;
    }

    private void mark(DirtyLog log) {
        long gpa = in.flag() ? in.u32() & 0xFF_FFFFL : in.u64();
        long bytes = in.flag() ? in.length() : in.u64();
        log.mark(gpa, bytes);
        long pages = LOG.size() * 8;
        long first = gpa >>> 12;
        if (bytes > 0 && first < pages) {
            long last = Math.min(pages - 1, (gpa + (bytes - 1)) >>> 12);
            dirty.set((int) first, (int) last + 1);
        }
    }

    private void checkLog() {
        byte[] bytes = new byte[(int) LOG.size()];
        HostWindow.copy(LOG.address(), bytes, 0, bytes.length);
        Bounds.check(BitSet.valueOf(bytes).equals(dirty), "the log says " + BitSet.valueOf(bytes) + ", not " + dirty);
    }
}
