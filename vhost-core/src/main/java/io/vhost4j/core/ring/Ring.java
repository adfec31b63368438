// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.ring;

import io.vhost4j.VirtioFeature;
import io.vhost4j.core.layout.DescFlags;
import io.vhost4j.core.memory.DirtyLog;
import io.vhost4j.core.memory.GuestMemory;
import io.vhost4j.core.memory.HostWindow;
import io.vhost4j.core.memory.Iotlb;
import io.vhost4j.core.memory.Translator;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The device's side of a virtqueue. A burst <em>gathers</em> chains, which only looks at them, and then <em>publishes</em> as
 * many of them as it has used, which moves the position on.
 *
 * <p>Used by one thread at a time. Nothing that the driver writes can make a call throw or touch memory outside the guest's: see
 * {@link #fault}. If the memory file is truncated, an {@link InternalError} comes out of any call.
 */
public abstract sealed class Ring permits SplitRing, PackedRing {
    /** Indirect tables may be longer than a short ring; this many entries are always accepted. */
    private static final int MIN_INDIRECT_LIMIT = 1024;
    /** Entries of tables after which a batch is long enough: one burst must not be kept busy for long. */
    private static final int GATHER_ENTRIES = 1 << 16;
    /** More segments than any batch can have whose buffers cross few borders of regions. */
    private static final int MAX_SEGMENTS = 1 << 18;

    /** Direction of a ring whose chains have buffers that we read, and behind them buffers that we write. */
    public static final int EITHER = -1;

    /** What tells a descriptor that is a whole chain, with a buffer of the ring's direction, from others. */
    static final int KIND = DescFlags.NEXT | DescFlags.INDIRECT | DescFlags.WRITE;

    /** Bytes of a descriptor, split or packed. */
    private static final int DESC_BYTES = 16;

    final int size;
    /** As negotiated. */
    final long features;

    final boolean eventIdx;
    final boolean indirect;
    private final boolean hasIotlb;
    /** {@code DescFlags.WRITE} for a ring whose buffers we write, 0 for one whose buffers we read, or {@link #EITHER}. */
    final int direction;

    /**
     * Whether one used element, that of the last chain, tells of a whole batch (virtio 1.2 §2.7.9, §2.8.10). Only where no
     * lengths are to be told: the driver takes the buffers before the last for used completely.
     */
    final boolean usesBatches;

    final int maxTableEntries;
    /** For the addresses of buffers; where there are both kinds, of those that we write. */
    final Translator buffers;
    /** For the addresses of indirect tables, and where there are both kinds, of buffers that we read. */
    final Translator tables;

    /** The first writable segment of the chain at hand, -1 if there was none so far. Only where there are both kinds. */
    private int firstWritable;

    /** What was gathered last is in: {@link #ownBatch}, or the thread's. */
    private @Nullable ChainBatch batch;

    private @Nullable ChainBatch ownBatch;
    private @Nullable TakenChains takenChains;
    private final MemorySegment scratch = Arena.ofAuto().allocate(DESC_BYTES, Long.BYTES);
    private final long entryCopy = scratch.address();
    private int entriesLeft;
    /** Where writes are logged, null if they are not. */
    @Nullable
    DirtyLog log;

    private long usedGpa = -1;
    private @Nullable RingFault fault;
    private long faultValue;

    Ring(RingSetup setup, GuestMemory memory, @Nullable Iotlb iotlb, int direction) {
        size = setup.size();
        features = setup.features();
        eventIdx = VirtioFeature.RING_EVENT_IDX.in(features);
        // QEMU does not say what the driver of a crypto device has negotiated: tables are taken as they come
        indirect = VirtioFeature.RING_INDIRECT_DESC.in(features) || direction == EITHER;
        maxTableEntries = Math.max(size, MIN_INDIRECT_LIMIT);
        this.direction = direction;
        usesBatches = VirtioFeature.IN_ORDER.in(features) && direction == 0;
        hasIotlb = iotlb != null;
        buffers = new Translator(memory, iotlb, direction == 0 ? Iotlb.READ : Iotlb.WRITE);
        tables = new Translator(memory, iotlb, Iotlb.READ);
    }

    /**
     * Makes the ring of the kind that {@code setup} says; its device does not ask to be notified.
     *
     * @param iotlb null if descriptors have guest physical addresses
     * @param direction {@code DescFlags.WRITE} for a ring whose buffers we write, 0 for one whose buffers we read, or
     *     {@link #EITHER}
     */
    public static Ring create(RingSetup setup, GuestMemory memory, @Nullable Iotlb iotlb, int direction) {
        Ring ring = setup.packed()
                ? new PackedRing(setup, memory, iotlb, direction)
                : new SplitRing(setup, memory, iotlb, direction);
        ring.enableNotification(false);
        return ring;
    }

    /**
     * Starts or ends logging of what this ring writes to guest memory.
     *
     * @param newLog null to end
     * @param newUsedGpa where the log wants the used ring (device event area) to be, or -1 for where it is
     */
    public final void setLog(@Nullable DirtyLog newLog, long newUsedGpa) {
        log = newLog;
        usedGpa = newUsedGpa;
        if (newLog != null) {
            logState(newLog);
        }
    }

    /** Marks what is written at other times than by publishing, and so perhaps before there was a log: the event suppression fields. */
    abstract void logState(DirtyLog to);

    /**
     * Keeps account of the chains taken and not given back in the in-flight buffer, and goes on where the process before was: chains that it had
     * taken come first, in the same order. Call before the first gather.
     *
     * @param inflight host address of the ring's part of the buffer, {@code InflightLayout.queueBytes} long
     * @throws io.vhost4j.VhostException if the buffer is not of this ring
     */
    public abstract void track(long inflight);

    /** Chains that the process before had taken and this one has not gathered yet. */
    public abstract int recovered();

    /**
     * Forgets the position that the ring was started at, and goes on behind the last chain that was given back. For rings
     * with nothing in flight, before the first burst. A packed ring has no index of its own to tell: it stays where it is.
     */
    public abstract void resumeAtUsed();

    /**
     * Marks the buffers of the first {@code count} chains of the batch, as far as they were written; before they are published. In rings with both
     * kinds of buffers all that may be written is marked: a crypto device's status is in the last byte, wherever the data ends.
     */
    final void logBuffers(DirtyLog to, int count) {
        boolean either = direction == EITHER;
        ChainBatch used = batch();
        for (int chain = 0; chain < count; chain++) {
            long left = either ? Long.MAX_VALUE : used.writtenBytes[chain];
            int first = either ? used.firstWritable[chain] : used.firstSegment[chain];
            for (int i = first; left > 0 && i < used.firstSegment[chain + 1]; i++) {
                long bytes = Math.min(left, used.length[i]);
                logHost(to, used.address[i], bytes);
                left -= bytes;
            }
        }
    }

    /** Marks memory of the ring's own, by where this process sees it. */
    final void logHost(DirtyLog to, long host, long bytes) {
        long gpa = buffers.toGuest(host);
        if (gpa != -1) {
            to.mark(gpa, bytes);
        }
    }

    /** Marks {@code bytes} bytes at {@code offset} of the used ring or device event area, which is at {@code host}. */
    final void logUsed(DirtyLog to, long host, long offset, long bytes) {
        if (usedGpa != -1) {
            to.mark(usedGpa + offset, bytes);
        } else {
            logHost(to, host + offset, bytes);
        }
    }

    /** Descriptors of the ring. */
    public final int size() {
        return size;
    }

    /** What {@link #gather} or {@link #gatherShared} filled last. */
    public final ChainBatch batch() {
        ChainBatch last = batch;
        return last == null ? ownBatch() : last;
    }

    /** What {@link #gather} fills: always the same. */
    public final ChainBatch ownBatch() {
        ChainBatch own = ownBatch;
        if (own == null) {
            own = new ChainBatch(size);
            ownBatch = own;
        }
        return own;
    }

    /** The reason why nothing more can be read from the ring, or null. */
    public final @Nullable RingFault fault() {
        return fault;
    }

    /** The value that {@link #fault} is about. */
    public final long faultValue() {
        return faultValue;
    }

    final void setFault(RingFault reason, long value) {
        fault = reason;
        faultValue = value;
    }

    /** Other addresses of the same ring, after the memory table or the IOTLB changed; the position stays. */
    public final void remap(GuestMemory memory, long desc, long driver, long device) {
        buffers.reset(memory);
        tables.reset(memory);
        setAddresses(desc, driver, device);
    }

    abstract void setAddresses(long desc, long driver, long device);

    /** Whether an address was not in the IOTLB since this was last asked: then the chain has to wait. */
    final boolean takeMiss() {
        return buffers.takeMiss() | tables.takeMiss();
    }

    /** Whether descriptors have addresses that the IOTLB translates. */
    public final boolean hasIotlb() {
        return hasIotlb;
    }

    /** Addresses found in the IOTLB so far. */
    public final long iotlbHits() {
        return buffers.hits() + tables.hits();
    }

    /** Addresses not found in the IOTLB so far. */
    public final long iotlbMisses() {
        return buffers.misses() + tables.misses();
    }

    /**
     * Looks at the next chains, without using them, and describes them in {@link #ownBatch}.
     *
     * @param max chains wanted, at least 1
     * @return how many chains there are in the batch; if 0, the batch may be what it was
     */
    public final int gather(int max) {
        return gather(max, false);
    }

    /**
     * As {@link #gather}, into a batch that the calling thread has for all rings: {@link #batch}. It is void as soon as the thread gathers from another
     * ring in this way. Where a thread serves many rings, its batch stays in the processor's caches.
     */
    public final int gatherShared(int max) {
        return gather(max, true);
    }

    /**
     * Gathers. A ring that has nothing is not to touch a batch: where many rings are polled, caches are for those that have something.
     *
     * @param shared whether into the thread's batch
     */
    abstract int gather(int max, boolean shared);

    /**
     * Gives the first {@code count} chains of the batch, at least one, back to the driver, with the bytes written as the batch says. The rest of the
     * batch is void.
     */
    public final void publish(int count) {
        moveOn(count);
        putUsed(count);
    }

    /**
     * Takes the first {@code count} chains of the batch, at least one, without giving them back yet: {@link #giveBack} does, in the same order,
     * with the bytes written as the batch says now. Until then no batch may be {@linkplain #publish published}. The rest of the batch is void. No more chains than the ring has
     * descriptors may be taken at a time.
     */
    public final void take(int count) {
        TakenChains to = takenChains;
        if (to == null) {
            to = new TakenChains(size);
            takenChains = to;
        }
        to.add(batch(), count);
        moveOn(count);
    }

    /** Gives the oldest {@code count} chains that were taken, at least one, back to the driver. The batch is void. */
    public final void giveBack(int count) {
        ChainBatch to = ownBatch();
        batch = to;
        Objects.requireNonNull(takenChains).moveTo(to, count, log != null);
        putUsed(count);
    }

    /** Chains that were taken and not given back. */
    public final int taken() {
        TakenChains from = takenChains;
        return from == null ? 0 : from.count();
    }

    /** Notes that the first {@code count} chains of the batch were taken, and moves on behind them. */
    abstract void moveOn(int count);

    /** Gives the first {@code count} chains of the batch back. */
    abstract void putUsed(int count);

    /** What was published since {@link #needsNotification} was last asked: chains, or in a packed ring their slots. */
    public abstract int unannounced();

    /** Whether anything was published since {@link #needsNotification} was last asked. */
    public final boolean hasUnannounced() {
        return unannounced() != 0;
    }

    /**
     * Whether the driver wants to be notified of what was published since the last call. The first call after a start says so in
     * any case: whoever served the ring before may not have come to it.
     */
    public abstract boolean needsNotification();

    /** Asks the driver to notify us of new buffers, or not to; if asked for, look for buffers once more afterwards. */
    public abstract void enableNotification(boolean enable);

    /** Chains available, at most the size. */
    public abstract int available();

    /** The position, as in {@link RingSetup#base}. */
    public abstract int base();

    /** Returns an empty batch, which is {@link #batch} from now on. */
    final ChainBatch startGather(boolean shared) {
        ChainBatch to = shared ? ChainBatch.ofThread(size) : ownBatch();
        if (batch != to) { // references are not stored for nothing: the garbage collector keeps account of that
            batch = to;
        }
        to.clear();
        entriesLeft = GATHER_ENTRIES;
        return to;
    }

    /** Whether another chain may be gathered, which may refer to a table. */
    final boolean mayReadTables() {
        return entriesLeft > 0;
    }

    /**
     * Where the entry of an indirect table at {@code gpa} can be read: in guest memory, or in a copy if a border between regions goes
     * through it. 0 if it is not guest memory.
     */
    final long tableEntry(long gpa) {
        entriesLeft--;
        long host = tables.toHost(gpa, DESC_BYTES);
        return host != 0 || tables.contiguous(gpa) == 0 ? host : copyEntry(gpa);
    }

    private long copyEntry(long gpa) {
        for (int i = 0; i < DESC_BYTES; i++) {
            long from = tables.toHost(gpa + i, 1);
            if (from == 0) {
                return 0;
            }
            HostWindow.setByte(entryCopy + i, HostWindow.getByte(from));
        }
        return entryCopy;
    }

    /** A chain begins. */
    final void startChain() {
        firstWritable = -1;
    }

    /** A chain is complete, or was taken out of the batch again. */
    final void endChain(int chain) {
        if (direction == EITHER) {
            int segments = batch().segments;
            batch().firstWritable[chain] = firstWritable < 0 ? segments : Math.min(firstWritable, segments);
        }
    }

    /**
     * Adds a buffer of the driver's to the batch.
     *
     * @param flags its descriptor's
     * @return its bytes, or {@link ChainBatch#BAD} if its direction is wrong or not all of it is guest memory
     */
    final long takeBuffer(long gpa, long bytes, int flags) {
        int access = flags & DescFlags.WRITE;
        boolean added = direction == EITHER
                ? addEither(gpa, bytes, access)
                : access == direction && addBuffer(buffers, gpa, bytes);
        return added ? bytes : ChainBatch.BAD;
    }

    /** Buffers to read come before those to write (virtio 1.2 §2.7.4.2, §2.8.17). */
    private boolean addEither(long gpa, long bytes, int access) {
        if (access == 0) {
            return firstWritable < 0 && addBuffer(tables, gpa, bytes);
        }
        if (firstWritable < 0) {
            firstWritable = batch().segments;
        }
        return addBuffer(buffers, gpa, bytes);
    }

    /** In as many pieces as there are regions; false if not all of it is guest memory. */
    private boolean addBuffer(Translator translator, long gpa, long bytes) {
        ChainBatch to = batch();
        long host = translator.toHost(gpa, bytes);
        if (host != 0) {
            to.add(host, bytes);
            return true;
        }
        long at = gpa;
        long left = bytes;
        while (left > 0) {
            long piece = Math.min(left, translator.contiguous(at));
            if (piece <= 0 || to.segments >= MAX_SEGMENTS) {
                return false;
            }
            to.add(translator.toHost(at, piece), piece);
            at += piece;
            left -= piece;
        }
        return true;
    }
}
