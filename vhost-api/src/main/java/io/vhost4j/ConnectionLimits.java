// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j;

/**
 * What a front-end may cost; see {@link VhostDriver#setConnectionLimits}. A request beyond a limit is refused and changes nothing; other
 * sessions do not notice. Change single values by {@link #toBuilder}.
 *
 * @param memoryBytes guest memory mapped by one connection, in bytes
 * @param memoryRegions regions of guest memory of one connection, 8 to 509; GET_MAX_MEM_SLOTS is answered with it
 * @param fileDescriptors file descriptors kept for one connection beside its socket: up to three for each ring, and some
 * @param logBytes size of the dirty log, in bytes: one for 32768 bytes of guest physical addresses
 * @param inflightBytes size of the in-flight buffer, in bytes
 * @param connections connections of one socket at the same time; more are closed at once
 * @param halfOpenConnections connections of one socket that have not sent SET_OWNER or SET_FEATURES; beyond it the
 *     oldest of them is closed in favour of the newest, so that whoever holds many keeps nobody out
 * @param messageMillis time that a message may take from its first byte to its last, in milliseconds
 * @param unreadReplyBytes replies, and on their own channel requests, that a front-end may leave unread beyond what the socket
 *     holds, in bytes, 4096 to 16 MiB; beyond it the session ends
 */
public record ConnectionLimits(
        long memoryBytes,
        int memoryRegions,
        int fileDescriptors,
        long logBytes,
        long inflightBytes,
        int connections,
        int halfOpenConnections,
        int messageMillis,
        int unreadReplyBytes) {
    private static final int MIN_REGIONS = 8;
    private static final int MAX_REGIONS = 509;
    private static final int MIN_UNREAD = 4096;
    private static final int MAX_UNREAD = 1 << 24;

    /**
     * 16 TiB of memory in 509 regions, 1024 file descriptors, a log of 1 GiB, an in-flight buffer of 512 MiB; 1024 connections, 64
     * of them half open; 10 seconds for a message; 16 KiB of unread replies.
     */
    public static final ConnectionLimits DEFAULT =
            new ConnectionLimits(1L << 44, MAX_REGIONS, 1024, 1L << 30, 1L << 29, 1024, 64, 10_000, 16_384);

    /**
     * All limits.
     *
     * @throws ConfigurationException if one is out of range
     */
    public ConnectionLimits {
        atLeast("memoryBytes", memoryBytes, 0);
        atLeast("memoryRegions", memoryRegions, MIN_REGIONS);
        atMost("memoryRegions", memoryRegions, MAX_REGIONS);
        atLeast("fileDescriptors", fileDescriptors, 0);
        atLeast("logBytes", logBytes, 0);
        atLeast("inflightBytes", inflightBytes, 0);
        atLeast("connections", connections, 1);
        atLeast("halfOpenConnections", halfOpenConnections, 1);
        atLeast("messageMillis", messageMillis, 1);
        atLeast("unreadReplyBytes", unreadReplyBytes, MIN_UNREAD);
        atMost("unreadReplyBytes", unreadReplyBytes, MAX_UNREAD);
    }

    private static void atLeast(String name, long value, long min) {
        if (value < min) {
            throw new ConfigurationException(name + "=" + value + ": must be at least " + min);
        }
    }

    private static void atMost(String name, long value, long max) {
        if (value > max) {
            throw new ConfigurationException(name + "=" + value + ": must be at most " + max);
        }
    }

    /** These limits, to be changed. */
    public Builder toBuilder() {
        return new Builder(this);
    }

    /** Limits under construction; see {@link ConnectionLimits} for each. */
    public static final class Builder {
        private long memoryBytes;
        private int memoryRegions;
        private int fileDescriptors;
        private long logBytes;
        private long inflightBytes;
        private int connections;
        private int halfOpenConnections;
        private int messageMillis;
        private int unreadReplyBytes;

        private Builder(ConnectionLimits from) {
            memoryBytes = from.memoryBytes;
            memoryRegions = from.memoryRegions;
            fileDescriptors = from.fileDescriptors;
            logBytes = from.logBytes;
            inflightBytes = from.inflightBytes;
            connections = from.connections;
            halfOpenConnections = from.halfOpenConnections;
            messageMillis = from.messageMillis;
            unreadReplyBytes = from.unreadReplyBytes;
        }

        /** Sets the guest memory mapped by one connection, in bytes. */
        public Builder memoryBytes(long value) {
            memoryBytes = value;
            return this;
        }

        /** Sets the regions of one connection, 8 to 509. */
        public Builder memoryRegions(int value) {
            memoryRegions = value;
            return this;
        }

        /** Sets the file descriptors kept for one connection. */
        public Builder fileDescriptors(int value) {
            fileDescriptors = value;
            return this;
        }

        /** Sets the size of the dirty log, in bytes. */
        public Builder logBytes(long value) {
            logBytes = value;
            return this;
        }

        /** Sets the size of the in-flight buffer, in bytes. */
        public Builder inflightBytes(long value) {
            inflightBytes = value;
            return this;
        }

        /** Sets the connections of one socket. */
        public Builder connections(int value) {
            connections = value;
            return this;
        }

        /** Sets the connections of one socket that have not begun to negotiate. */
        public Builder halfOpenConnections(int value) {
            halfOpenConnections = value;
            return this;
        }

        /** Sets the time that a message may take, in milliseconds. */
        public Builder messageMillis(int value) {
            messageMillis = value;
            return this;
        }

        /** Sets the replies that may stay unread, in bytes, 4096 to 16 MiB. */
        public Builder unreadReplyBytes(int value) {
            unreadReplyBytes = value;
            return this;
        }

        /**
         * The limits.
         *
         * @throws ConfigurationException if one is out of range
         */
        public ConnectionLimits build() {
            return new ConnectionLimits(
                    memoryBytes,
                    memoryRegions,
                    fileDescriptors,
                    logBytes,
                    inflightBytes,
                    connections,
                    halfOpenConnections,
                    messageMillis,
                    unreadReplyBytes);
        }
    }
}
