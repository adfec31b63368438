// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.net;

import io.vhost4j.core.memory.HostWindow;
import io.vhost4j.core.pool.PooledPacket;

/** Internet checksums (RFC 1071) that the other side cannot compute. */
final class Checksum {
    private static final int IPV4_CHECKSUM = 10;

    private Checksum() {}

    /**
     * Finishes a checksum whose field holds the sum of the pseudo header.
     *
     * @param start where the sum starts, counted from the start of the packet
     * @param field where it goes, counted likewise; {@code field + 2} must not be past the end of the packet
     * @param zeroMeansNone whether a sum of 0 is written as 0xFFFF, as UDP wants it
     */
    static void complete(PooledPacket packet, int start, int field, boolean zeroMeansNone) {
        long sum = 0;
        int position = 0;
        for (PooledPacket segment = packet; segment != null; segment = segment.next()) {
            int bytes = segment.dataLength();
            int skip = Math.min(bytes, Math.max(0, start - position));
            // a byte at an odd distance from the start counts as the high half of its word
            boolean odd = ((position + skip - start) & 1) != 0;
            long part = fold(sum(segment.dataAddress() + skip, bytes - skip));
            sum += odd ? Short.toUnsignedInt(Short.reverseBytes((short) part)) : part;
            position += bytes;
        }
        int result = ~fold(sum) & 0xFFFF;
        store(packet, field, zeroMeansNone && result == 0 ? 0xFFFF : result);
    }

    /** Fills in the checksum of the IPv4 header at {@code offset} of the first segment, which must hold all of it. */
    static void ipv4Header(PooledPacket packet, int offset, int bytes) {
        long header = packet.dataAddress() + offset;
        HostWindow.setShort(header + IPV4_CHECKSUM, 0);
        HostWindow.setShort(header + IPV4_CHECKSUM, ~fold(sum(header, bytes)));
    }

    /** Stores a sum in host order byte by byte: the field may straddle segments. */
    private static void store(PooledPacket packet, int field, int value) {
        storeByte(packet, field, value);
        storeByte(packet, field + 1, value >> 8);
    }

    private static void storeByte(PooledPacket packet, int offset, int value) {
        int skip = offset;
        PooledPacket segment = packet;
        while (segment != null && skip >= segment.dataLength()) {
            skip -= segment.dataLength();
            segment = segment.next();
        }
        if (segment != null) {
            HostWindow.setByte(segment.dataAddress() + skip, value);
        }
    }

    /** One's complement sum of 16-bit words in host order; a last odd byte is the low half of a word. */
    private static long sum(long address, int bytes) {
        long sum = 0;
        int i = 0;
        for (; i + 4 <= bytes; i += 4) {
            sum += Integer.toUnsignedLong(HostWindow.getInt(address + i));
        }
        if (i + 2 <= bytes) {
            sum += HostWindow.getShort(address + i);
            i += 2;
        }
        if (i < bytes) {
            sum += HostWindow.getByte(address + i);
        }
        return sum;
    }

    private static int fold(long sum) {
        long folded = (sum & 0xFFFFFFFFL) + (sum >>> 32);
        while (folded >>> 16 != 0) {
            folded = (folded & 0xFFFF) + (folded >>> 16);
        }
        return (int) folded;
    }
}
