// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.packet;

import io.vhost4j.ConfigurationException;
import io.vhost4j.spi.VhostProvider;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A fixed number of packet buffers outside the heap; mirrors {@code struct rte_mempool} of mbufs.
 *
 * <p>Any thread may allocate and free. Each thread keeps a small cache, so that the common case touches nothing shared.
 */
public interface PacketPool extends AutoCloseable {
    /** Settings with the defaults of {@link Builder}. */
    static Builder builder() {
        return new Builder();
    }

    /** An empty packet with the pool's headroom, or null if all are in use. */
    @Nullable
    Packet allocate();

    /**
     * Allocates {@code count} packets, or none.
     *
     * @return whether it did
     * @throws IndexOutOfBoundsException if the array has no such slots; then none are allocated
     */
    boolean allocateBulk(Packet[] packets, int from, int count);

    /**
     * Frees packets of any pools, as {@link Packet#free} does for each, and sets their slots to null; slots that are null already are passed over.
     *
     * @throws IndexOutOfBoundsException if the array has no such slots; then none are freed
     * @throws IllegalStateException at a packet that was freed before, with its slot set to null
     * @throws ClassCastException at a packet that no pool of this library has made. As with any error on the way, the packets before are freed and
     *     those behind are not: the call may be made again once the array is in order
     */
    void freeBulk(@Nullable Packet[] packets, int from, int count);

    /** Buffers in the pool. */
    int size();

    /** Buffers that somebody holds. Exact only when no thread allocates or frees. */
    int inUse();

    /** Bytes for data in each buffer, headroom not counted. */
    int dataRoom();

    /** Bytes kept free before the data of a new packet. */
    int headroom();

    /** Where packets in use were allocated, one text each, if the pool was built to track; otherwise empty. */
    List<String> leaks();

    /**
     * Gives the memory back.
     *
     * @throws IllegalStateException if packets are in use; the pool then stays open
     */
    @Override
    void close();

    /** Settings of a new pool. */
    final class Builder {
        private int count = 8192;
        private int dataRoom = 2048;
        private int headroom = 128;
        private int cacheSize = 256;
        private boolean hugePages;
        private boolean shared;
        private boolean leakTracking = Boolean.getBoolean("io.vhost4j.leakTracking");
        private int numaNode = -1;

        Builder() {}

        /** Buffers, 1 to 16777216; default 8192. */
        public Builder count(int value) {
            count = check("count", value, 1, 1 << 24);
            return this;
        }

        /** Bytes for data in each buffer, 64 to 1048576; default 2048. */
        public Builder dataRoom(int value) {
            dataRoom = check("dataRoom", value, 64, 1 << 20);
            return this;
        }

        /** Bytes kept free before the data, 0 to 65536; default 128. */
        public Builder headroom(int value) {
            headroom = check("headroom", value, 0, 65536);
            return this;
        }

        /** Buffers that a thread may keep for itself, 0 to 4096; default 256. */
        public Builder cacheSize(int value) {
            cacheSize = check("cacheSize", value, 0, 4096);
            return this;
        }

        /** Takes the memory from huge pages; default false. */
        public Builder hugePages(boolean value) {
            hugePages = value;
            return this;
        }

        /** Backs the memory by a file descriptor, so that a front-end of this process can share it; default false. */
        public Builder shared(boolean value) {
            shared = value;
            return this;
        }

        /**
         * Records where each packet was allocated, see {@link PacketPool#leaks}; slow. Default: the system property
         * {@code io.vhost4j.leakTracking}.
         */
        public Builder leakTracking(boolean value) {
            leakTracking = value;
            return this;
        }

        /** Prefers memory of this NUMA node; -1, the default, leaves it to the kernel. */
        public Builder numaNode(int value) {
            numaNode = check("numaNode", value, -1, 1023);
            return this;
        }

        /** See the setter. */
        public int count() {
            return count;
        }

        /** See the setter. */
        public int dataRoom() {
            return dataRoom;
        }

        /** See the setter. */
        public int headroom() {
            return headroom;
        }

        /** See the setter. */
        public int cacheSize() {
            return cacheSize;
        }

        /** See the setter. */
        public boolean hugePages() {
            return hugePages;
        }

        /** See the setter. */
        public boolean shared() {
            return shared;
        }

        /** See the setter. */
        public boolean leakTracking() {
            return leakTracking;
        }

        /** See the setter. */
        public int numaNode() {
            return numaNode;
        }

        /**
         * Makes the pool and touches its memory.
         *
         * @throws ConfigurationException if there is not enough memory, or no huge pages
         */
        public PacketPool build() {
            return VhostProvider.instance().createPool(this);
        }

        private static int check(String name, int value, int min, int max) {
            if (value < min || value > max) {
                throw new ConfigurationException(name + "=" + value + ": must be " + min + " to " + max);
            }
            return value;
        }
    }
}
