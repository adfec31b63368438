// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.virtiouser;

import io.vhost4j.core.memory.HostWindow;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Virtio 1.2 §2.8, with the offsets of its text. */
final class PackedReferenceDevice extends ReferenceDevice {
    private static final int AVAIL = 1 << 7;
    private static final int USED = 1 << 15;

    private final RingArea area;
    private final RingOptions options;
    private int availAt;
    private boolean availWrap;
    private int usedAt;
    private boolean usedWrap;
    private final List<Integer> usedSinceAsk = new ArrayList<>();

    PackedReferenceDevice(RingArea area, RingOptions options, int base) {
        this.area = area;
        this.options = options;
        availAt = base & 0x7FFF;
        availWrap = (base >>> 15 & 1) != 0;
        usedAt = base >>> 16 & 0x7FFF;
        usedWrap = base < 0;
        check(availAt < area.size() && usedAt < area.size(), "positions lie in the ring");
    }

    @Override
    @Nullable
    Chain next() {
        List<Buffer> buffers = new ArrayList<>();
        int count = 0;
        while (true) {
            long at = area.desc() + 16L * availAt;
            int flags = HostWindow.getShortAcquire(at + 14);
            boolean available = (flags & AVAIL) != 0 == availWrap && (flags & USED) != 0 != availWrap;
            if (!available) {
                check(count == 0, "a chain is available as a whole");
                return null;
            }
            count++;
            check(count <= area.size(), "a chain fits the ring");
            int id = HostWindow.getShort(at + 12);
            check((flags & ~(7 | AVAIL | USED)) == 0, "only known flags");
            readBuffers(at, flags, buffers);
            if (++availAt == area.size()) {
                availAt = 0;
                availWrap = !availWrap;
            }
            if ((flags & 1) == 0) {
                check(id < area.size(), "ids are smaller than the ring");
                return new Chain(id, count, buffers);
            }
        }
    }

    private void readBuffers(long at, int flags, List<Buffer> buffers) {
        long address = HostWindow.getLong(at);
        int length = HostWindow.getInt(at + 8);
        if ((flags & 4) == 0) {
            check(length > 0, "buffers are not empty");
            buffers.add(new Buffer(address, length, (flags & 2) != 0));
            return;
        }
        check(options.indirect() && (flags & 3) == 0 && length > 0 && length % 16 == 0, "a proper indirect table");
        check(length / 16 <= area.size(), "no longer than the ring");
        for (long entry = address; entry < address + length; entry += 16) {
            int inner = HostWindow.getShort(entry + 14);
            check((inner & ~2) == 0, "table entries have the write flag only");
            buffers.add(new Buffer(HostWindow.getLong(entry), HostWindow.getInt(entry + 8), (inner & 2) != 0));
        }
    }

    @Override
    void use(List<Chain> chains, int[] written) {
        // written backwards: the first becomes visible last
        int[] at = new int[chains.size()];
        boolean[] wraps = new boolean[chains.size()];
        for (int i = 0; i < chains.size(); i++) {
            at[i] = usedAt;
            wraps[i] = usedWrap;
            advance(chains.get(i).descriptors());
        }
        for (int i = chains.size() - 1; i >= 0; i--) {
            writeUsed(at[i], wraps[i], chains.get(i).id(), written[i]);
        }
    }

    @Override
    void useBatch(List<Chain> chains, int writtenToLast) {
        int at = usedAt;
        boolean wrap = usedWrap;
        chains.forEach(chain -> advance(chain.descriptors()));
        writeUsed(at, wrap, chains.get(chains.size() - 1).id(), writtenToLast);
    }

    private void advance(int descriptors) {
        usedSinceAsk.add(usedAt);
        usedAt += descriptors;
        if (usedAt >= area.size()) {
            usedAt -= area.size();
            usedWrap = !usedWrap;
        }
    }

    private void writeUsed(int slot, boolean wrap, int id, int written) {
        long at = area.desc() + 16L * slot;
        HostWindow.setInt(at + 8, written);
        HostWindow.setShort(at + 12, id);
        HostWindow.setShortRelease(at + 14, wrap ? AVAIL | USED : 0);
    }

    @Override
    void wantKicks(boolean wanted) {
        if (!wanted) {
            HostWindow.setShort(area.device() + 2, 1);
        } else if (options.eventIdx()) {
            HostWindow.setShort(area.device(), availAt | (availWrap ? 1 << 15 : 0));
            HostWindow.setShort(area.device() + 2, 2);
        } else {
            HostWindow.setShort(area.device() + 2, 0);
        }
    }

    @Override
    boolean mustCall() {
        List<Integer> used = List.copyOf(usedSinceAsk);
        usedSinceAsk.clear();
        return switch (HostWindow.getShort(area.driver() + 2)) {
            case 0 -> !used.isEmpty();
            case 1 -> false;
            case 2 -> {
                check(options.eventIdx(), "positions only with event indices");
                yield used.contains(HostWindow.getShort(area.driver()) & 0x7FFF);
            }
            default -> throw new AssertionError("reserved event flags");
        };
    }
}
