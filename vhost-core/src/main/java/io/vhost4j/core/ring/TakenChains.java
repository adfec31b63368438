// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.ring;

/** Chains that were taken and not given back, in a circle, oldest first. */
final class TakenChains {
    private final int mask;
    private final int[] id;
    private final int[] slots;
    private final int[] writtenBytes;
    /** Index of each chain's first segment, free-running. */
    private final long[] firstSegment;

    private final int[] segmentCount;

    /** Segments of all chains, a circle too: where they are, in case that writes to them are logged. */
    private long[] address = new long[256];

    private int[] length = new int[256];

    /** Free-running: the oldest chain and the next to be added, and the same of their segments. */
    private int head;

    private int tail;
    private long firstHeld;
    private long segmentTail;

    /** Room for {@code chains} chains. */
    TakenChains(int chains) {
        int room = Integer.highestOneBit(Math.max(1, chains - 1)) << 1;
        mask = room - 1;
        id = new int[room];
        slots = new int[room];
        writtenBytes = new int[room];
        firstSegment = new long[room];
        segmentCount = new int[room];
    }

    int count() {
        return tail - head;
    }

    /** Adds the first {@code count} chains of a batch. */
    void add(ChainBatch batch, int count) {
        if (count() + count > id.length) {
            throw new IllegalStateException(count() + " chains are taken, " + count + " more find no room");
        }
        int more = batch.firstSegment[count] - batch.firstSegment[0];
        while (segmentTail - firstHeld + more > address.length) {
            grow();
        }
        for (int chain = 0; chain < count; chain++) {
            int at = tail++ & mask;
            int first = batch.firstSegment[chain];
            int segments = batch.firstSegment[chain + 1] - first;
            id[at] = batch.id[chain];
            slots[at] = batch.slots[chain];
            writtenBytes[at] = batch.writtenBytes[chain];
            firstSegment[at] = segmentTail;
            segmentCount[at] = segments;
            for (int i = 0; i < segments; i++) {
                int to = (int) segmentTail++ & address.length - 1;
                address[to] = batch.address[first + i];
                length[to] = batch.length[first + i];
            }
        }
    }

    private void grow() {
        long[] addresses = new long[2 * address.length];
        int[] lengths = new int[addresses.length];
        for (long i = firstHeld; i < segmentTail; i++) {
            addresses[(int) i & addresses.length - 1] = address[(int) i & address.length - 1];
            lengths[(int) i & addresses.length - 1] = length[(int) i & address.length - 1];
        }
        address = addresses;
        length = lengths;
    }

    /**
     * Moves the oldest {@code count} chains into a batch.
     *
     * @param segments whether their segments are wanted
     */
    void moveTo(ChainBatch batch, int count, boolean segments) {
        batch.clear();
        batch.spread(0);
        for (int chain = 0; chain < count; chain++) {
            int at = head++ & mask;
            batch.id[chain] = id[at];
            batch.slots[chain] = slots[at];
            batch.writtenBytes[chain] = writtenBytes[at];
            batch.firstSegment[chain] = batch.segments;
            for (int i = 0; segments && i < segmentCount[at]; i++) {
                int from = (int) (firstSegment[at] + i) & address.length - 1;
                batch.add(address[from], length[from]);
            }
            firstHeld = firstSegment[at] + segmentCount[at];
        }
        batch.firstSegment[count] = batch.segments;
    }
}
