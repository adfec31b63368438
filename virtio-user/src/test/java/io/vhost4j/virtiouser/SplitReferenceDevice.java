// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.virtiouser;

import io.vhost4j.core.memory.HostWindow;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Virtio 1.2 §2.7, with the offsets of its text. */
final class SplitReferenceDevice extends ReferenceDevice {
    private final RingArea area;
    private final RingOptions options;
    private int nextAvail;
    private int usedIdx;
    private int usedAtLastAsk;
    private int expectedHead;
    private boolean kicksWanted = true;

    SplitReferenceDevice(RingArea area, RingOptions options, int base) {
        this.area = area;
        this.options = options;
        check(base >= 0 && base <= 0xFFFF, "the base of a split ring has 16 bits");
        nextAvail = base;
        usedIdx = HostWindow.getShort(area.device() + 2);
        usedAtLastAsk = usedIdx;
        check(usedIdx == base, "used.idx is the base when nothing is in flight");
    }

    @Override
    @Nullable
    Chain next() {
        int availIdx = HostWindow.getShortAcquire(area.driver() + 2);
        int ready = (availIdx - nextAvail) & 0xFFFF;
        check(ready <= area.size(), "available entries fit the ring");
        if (ready == 0) {
            return null;
        }
        int head = HostWindow.getShort(area.driver() + 4 + 2L * (nextAvail % area.size()));
        check(head < area.size(), "head is a descriptor");
        nextAvail = (nextAvail + 1) & 0xFFFF;
        List<Buffer> buffers = new ArrayList<>();
        int descriptors = walk(area.desc(), area.size(), head, buffers, false);
        if (options.inOrder()) {
            check(head == expectedHead, "in order: descriptors are used in ring order");
            expectedHead = (expectedHead + descriptors) % area.size();
        }
        if (options.eventIdx() && kicksWanted) {
            HostWindow.setShort(area.device() + 4 + 8L * area.size(), nextAvail);
        }
        return new Chain(head, descriptors, buffers);
    }

    private int walk(long table, int entries, int first, List<Buffer> buffers, boolean inside) {
        int count = 0;
        int index = first;
        while (true) {
            check(index < entries, "next is a descriptor");
            check(++count <= entries, "chains have no loops");
            long at = table + 16L * index;
            long address = HostWindow.getLong(at);
            int length = HostWindow.getInt(at + 8);
            int flags = HostWindow.getShort(at + 12);
            check((flags & ~7) == 0, "only known flags");
            if ((flags & 4) != 0) {
                check(!inside && options.indirect() && (flags & 1) == 0 && length % 16 == 0, "a proper indirect table");
                check(length / 16 <= area.size(), "no longer than the ring");
                int indirect = walk(address, length / 16, 0, buffers, true);
                check(indirect == length / 16, "the table is used to its end");
                return count;
            }
            check(length > 0, "buffers are not empty");
            buffers.add(new Buffer(address, length, (flags & 2) != 0));
            if ((flags & 1) == 0) {
                return count;
            }
            index = HostWindow.getShort(at + 14);
        }
    }

    @Override
    void use(List<Chain> chains, int[] written) {
        for (int i = 0; i < chains.size(); i++) {
            writeUsed((usedIdx + i) & 0xFFFF, chains.get(i).id(), written[i]);
        }
        publish(chains.size());
    }

    @Override
    void useBatch(List<Chain> chains, int writtenToLast) {
        Chain last = chains.get(chains.size() - 1);
        writeUsed(usedIdx, last.id(), writtenToLast);
        publish(chains.size());
    }

    private void writeUsed(int idx, int id, int written) {
        long at = area.device() + 4 + 8L * (idx % area.size());
        HostWindow.setInt(at, id);
        HostWindow.setInt(at + 4, written);
    }

    private void publish(int count) {
        usedIdx = (usedIdx + count) & 0xFFFF;
        HostWindow.setShortRelease(area.device() + 2, usedIdx);
    }

    @Override
    void wantKicks(boolean wanted) {
        kicksWanted = wanted;
        if (options.eventIdx()) {
            HostWindow.setShort(area.device() + 4 + 8L * area.size(), wanted ? nextAvail : nextAvail - 1);
        } else {
            HostWindow.setShort(area.device(), wanted ? 0 : 1);
        }
    }

    @Override
    boolean mustCall() {
        int before = usedAtLastAsk;
        usedAtLastAsk = usedIdx;
        if (!options.eventIdx()) {
            return before != usedIdx && (HostWindow.getShort(area.driver()) & 1) == 0;
        }
        int event = HostWindow.getShort(area.driver() + 4 + 2L * area.size());
        for (int idx = before; idx != usedIdx; idx = (idx + 1) & 0xFFFF) {
            if (idx == event) {
                return true;
            }
        }
        return false;
    }
}
