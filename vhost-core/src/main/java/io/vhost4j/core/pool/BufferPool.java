// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.pool;

import io.vhost4j.ConfigurationException;
import io.vhost4j.core.linux.HugePages;
import io.vhost4j.core.linux.Mapping;
import io.vhost4j.core.linux.MemFd;
import io.vhost4j.core.linux.NativeException;
import io.vhost4j.core.linux.Numa;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.memory.HostWindow;
import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketPool;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Packet buffers in one mapping. Free packets are in a shared stack under a lock, and in a stack for each thread that no other
 * touches; they move between the two in bulk. What a thread that ended kept is taken back when the shared stack runs empty.
 *
 * <p>Stacks have the packets' numbers: to store a number costs less than to store a reference, of which the garbage collector keeps account.
 */
public final class BufferPool implements PacketPool {
    private static final int CACHE_LINE = 64;

    private final int headroom;
    private final int dataRoom;
    private final int stride;
    private final int cacheSize;
    private final @Nullable OwnedFd file;
    private final Mapping mapping;
    private final PooledPacket[] packets;
    private final @Nullable Map<PooledPacket, Throwable> tracked;

    private final ThreadLocal<Cache> caches = ThreadLocal.withInitial(this::newCache);
    private final List<Cache> allCaches = new ArrayList<>();
    /** Kept, so that an empty pool makes no garbage. */
    private final Predicate<Cache> ended = this::takeBackIfEnded;

    private final Object lock = new Object();
    private final int[] free;
    private int freeCount;
    private boolean closed;

    /** A thread's own free packets. */
    private static final class Cache {
        final WeakReference<Thread> owner = new WeakReference<>(Thread.currentThread());
        final int[] stack;
        int count;

        Cache(int capacity) {
            stack = new int[capacity];
        }

        boolean ownerEnded() {
            Thread thread = owner.get();
            return thread == null || !thread.isAlive();
        }
    }

    /** Makes a pool; see {@link PacketPool.Builder#build}. */
    public BufferPool(PacketPool.Builder settings) {
        headroom = settings.headroom();
        dataRoom = settings.dataRoom();
        stride = Math.ceilDiv(headroom + dataRoom, CACHE_LINE) * CACHE_LINE;
        cacheSize = Math.min(settings.cacheSize(), settings.count() / 4);
        tracked = settings.leakTracking() ? new ConcurrentHashMap<>() : null;
        long bytes = (long) stride * settings.count();
        try {
            file = settings.shared() ? openFile(bytes, settings.hugePages()) : null;
            mapping = map(bytes, settings);
        } catch (NativeException e) {
            throw new ConfigurationException(
                    "packet pool of " + settings.count() + " buffers, " + bytes + " bytes"
                            + (settings.hugePages() ? " in huge pages (free: " + HugePages.available() + ")" : "")
                            + ": cannot get the memory; use a smaller pool"
                            + (settings.hugePages() ? " or reserve huge pages by the sysctl vm.nr_hugepages" : "")
                            + ": " + e.getMessage(),
                    e);
        }
        HostWindow.fill(mapping.address(), mapping.length(), 0);
        packets = new PooledPacket[settings.count()];
        free = new int[settings.count()];
        for (int i = 0; i < packets.length; i++) {
            packets[i] = new PooledPacket(this, i);
            packets[i].useOwnBuffer();
            // the first to be taken is the one with the lowest address
            free[packets.length - 1 - i] = i;
        }
        freeCount = packets.length;
    }

    /** A file of fixed size: a back-end that gets its descriptor cannot take the memory away under us. */
    private static OwnedFd openFile(long bytes, boolean huge) {
        String name = "vhost4j-pool";
        long page = huge ? HugePages.defaultSize() : 1;
        OwnedFd made =
                huge ? MemFd.createHuge(name, Math.ceilDiv(bytes, page) * page, page) : MemFd.create(name, bytes);
        try {
            MemFd.addSeals(made.fd(), MemFd.F_SEAL_SHRINK | MemFd.F_SEAL_GROW);
            return made;
        } catch (NativeException e) {
            made.close();
            throw e;
        }
    }

    private Mapping map(long bytes, PacketPool.Builder settings) {
        int access = Mapping.PROT_READ | Mapping.PROT_WRITE;
        Mapping made;
        try {
            if (file != null) {
                made = Mapping.map(file, 0, bytes, access, Mapping.MAP_SHARED);
            } else if (settings.hugePages()) {
                long page = HugePages.defaultSize();
                made = Mapping.anonymousHuge(bytes, page, access, Mapping.MAP_PRIVATE);
            } else {
                made = Mapping.anonymous(bytes, access, Mapping.MAP_PRIVATE);
            }
        } catch (NativeException e) {
            if (file != null) {
                file.close();
            }
            throw e;
        }
        if (settings.numaNode() >= 0) {
            Numa.bind(made, settings.numaNode());
        }
        return made;
    }

    private Cache newCache() {
        Cache cache = new Cache(2 * cacheSize);
        synchronized (lock) {
            allCaches.removeIf(ended);
            allCaches.add(cache);
        }
        return cache;
    }

    long bufferAddress(int index) {
        return mapping.address() + (long) index * stride;
    }

    int bufferBytes() {
        return headroom + dataRoom;
    }

    /** Host address of the pool's memory. */
    public long baseAddress() {
        return mapping.address();
    }

    /** Bytes of the pool's memory. */
    public long lengthBytes() {
        return mapping.length();
    }

    /**
     * The file behind a shared pool's memory; stays the pool's.
     *
     * @throws IllegalStateException if the pool is not shared
     */
    public OwnedFd file() {
        if (file == null) {
            throw new IllegalStateException("the pool is not shared: build it with shared(true)");
        }
        return file;
    }

    @Override
    public @Nullable PooledPacket allocate() {
        Cache cache = caches.get();
        if (cache.count == 0 && !fill(cache, 1)) {
            return tryTakeOne();
        }
        return handOut(cache.stack[--cache.count]);
    }

    @Override
    public boolean allocateBulk(Packet[] target, int from, int count) {
        Objects.checkFromIndexSize(from, count, target.length);
        Cache cache = caches.get();
        if (cache.count < count && !fill(cache, count)) {
            return allocateFromShared(target, from, count);
        }
        int[] stack = cache.stack;
        int top = cache.count;
        for (int i = 0; i < count; i++) {
            target[from + i] = handOut(stack[--top]);
        }
        cache.count = top;
        return true;
    }

    private PooledPacket handOut(int index) {
        PooledPacket packet = packets[index];
        packet.reset(headroom);
        if (tracked != null) {
            tracked.put(
                    packet,
                    new Throwable("allocated here by " + Thread.currentThread().getName()));
        }
        return packet;
    }

    /** Tops a cache up to hold at least {@code wanted}; false if it cannot. */
    private boolean fill(Cache cache, int wanted) {
        int target = Math.min(Math.max(wanted, cacheSize), cache.stack.length);
        if (wanted > target) {
            return false;
        }
        synchronized (lock) {
            if (freeCount < target - cache.count) {
                allCaches.removeIf(ended);
            }
            int moved = Math.min(target - cache.count, freeCount);
            freeCount -= moved;
            System.arraycopy(free, freeCount, cache.stack, cache.count, moved);
            cache.count += moved;
        }
        return cache.count >= wanted;
    }

    private @Nullable PooledPacket tryTakeOne() {
        synchronized (lock) {
            if (freeCount == 0) {
                allCaches.removeIf(ended);
            }
            if (freeCount == 0) {
                return null;
            }
            return handOut(free[--freeCount]);
        }
    }

    /** For pools without caches and bursts longer than a cache. */
    private boolean allocateFromShared(Packet[] target, int from, int count) {
        Cache cache = caches.get();
        synchronized (lock) {
            if (freeCount + cache.count < count) {
                allCaches.removeIf(ended);
                if (freeCount + cache.count < count) {
                    return false;
                }
            }
            for (int i = 0; i < count; i++) {
                target[from + i] = handOut(cache.count > 0 ? cache.stack[--cache.count] : free[--freeCount]);
            }
        }
        return true;
    }

    /** Takes back a packet without references. */
    void put(PooledPacket packet) {
        put(caches.get(), packet);
    }

    private void put(Cache cache, PooledPacket packet) {
        if (tracked != null) {
            tracked.remove(packet);
        }
        if (cache.count == cache.stack.length) {
            spill(cache);
        }
        if (cache.count < cache.stack.length) {
            cache.stack[cache.count++] = packet.index;
        } else {
            synchronized (lock) {
                free[freeCount++] = packet.index;
            }
        }
    }

    /** Makes room in a full cache. */
    private void spill(Cache cache) {
        int moved = cache.count - cacheSize / 2;
        synchronized (lock) {
            System.arraycopy(cache.stack, cache.count - moved, free, freeCount, moved);
            freeCount += moved;
        }
        cache.count -= moved;
    }

    @Override
    public void freeBulk(@Nullable Packet[] target, int from, int count) {
        Objects.checkFromIndexSize(from, count, target.length);
        Cache cache = caches.get();
        for (int i = from; i < from + count; i++) {
            PooledPacket packet = (PooledPacket) target[i];
            if (packet == null) {
                continue;
            }
            target[i] = null;
            if (packet.next() != null || packet.owner() != this) {
                packet.free();
            } else if (packet.dropReference()) {
                put(cache, packet);
            }
        }
    }

    private boolean takeBackIfEnded(Cache cache) {
        if (!cache.ownerEnded()) {
            return false;
        }
        System.arraycopy(cache.stack, 0, free, freeCount, cache.count);
        freeCount += cache.count;
        cache.count = 0;
        return true;
    }

    @Override
    public int size() {
        return packets.length;
    }

    @Override
    public int inUse() {
        synchronized (lock) {
            if (closed) {
                return 0;
            }
            int idle = freeCount;
            for (Cache cache : allCaches) {
                idle += cache.count;
            }
            return packets.length - idle;
        }
    }

    @Override
    public int dataRoom() {
        return dataRoom;
    }

    @Override
    public int headroom() {
        return headroom;
    }

    @Override
    public List<String> leaks() {
        List<String> texts = new ArrayList<>();
        if (tracked != null) {
            tracked.forEach((packet, origin) -> {
                StringBuilder text = new StringBuilder(packet + ": " + origin.getMessage());
                for (StackTraceElement frame : origin.getStackTrace()) {
                    text.append(System.lineSeparator()).append("    at ").append(frame);
                }
                texts.add(text.toString());
            });
        }
        return texts;
    }

    @Override
    public void close() {
        synchronized (lock) {
            if (closed) {
                return;
            }
            int held = inUse();
            if (held != 0) {
                throw new IllegalStateException(held + " packets are in use: free them before the pool is closed"
                        + (tracked == null ? "; leakTracking(true) tells where they were allocated" : ""));
            }
            closed = true;
            freeCount = 0;
            for (Cache cache : allCaches) {
                cache.count = 0;
            }
            for (PooledPacket packet : packets) {
                packet.dispose();
            }
        }
        mapping.close();
        if (file != null) {
            file.close();
        }
    }
}
