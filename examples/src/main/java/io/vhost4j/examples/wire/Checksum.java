// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.wire;

/** The Internet checksum (RFC 1071) and its update (RFC 1624). */
public final class Checksum {
    private static final int MASK = 0xFFFF;

    private Checksum() {}

    /** The ones' complement sum of 16-bit words in network order; an odd last byte counts as a word's high half. */
    public static long sum(byte[] bytes, int from, int length) {
        long sum = 0;
        int end = from + (length & ~1);
        for (int i = from; i < end; i += 2) {
            sum += ((bytes[i] & 0xFF) << 8) | (bytes[i + 1] & 0xFF);
        }
        if ((length & 1) != 0) {
            sum += (bytes[end] & 0xFF) << 8;
        }
        return sum;
    }

    /** The checksum field for a sum. */
    public static int finish(long sum) {
        return ~fold(sum) & MASK;
    }

    /** The checksum after one of the summed 16-bit words changed (RFC 1624, equation 3). */
    public static int update(int checksum, int oldWord, int newWord) {
        return ~fold((~checksum & MASK) + (~oldWord & MASK) + (newWord & MASK)) & MASK;
    }

    private static int fold(long sum) {
        long folded = sum;
        while (folded > MASK) {
            folded = (folded & MASK) + (folded >>> 16);
        }
        return (int) folded;
    }
}
