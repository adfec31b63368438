// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.wire;

/**
 * The payload of test traffic. A packet's first 18 payload bytes say where it belongs: stream, length, sequence number, and a check word
 * over these; the rest repeats a fixed random text from a place that depends on the sequence number.
 */
final class Pattern {
    /** Bytes of stream (2), length (4, of the whole frame), sequence number (8) and check word (4). */
    static final int HEADER = 18;

    static final int MAX_PAYLOAD = 65536;

    private static final int STARTS = 4096;
    private static final byte[] TEXT = text();
    private static final long GOLDEN = 0x9E37_79B9_7F4A_7C15L;

    private Pattern() {}

    static byte[] bytes() {
        return TEXT;
    }

    /** Where in {@link #bytes} the payload of a packet starts. */
    static int start(long sequence) {
        return (int) (mix(sequence) >>> 52) & (STARTS - 1);
    }

    static int check(int stream, int length, long sequence) {
        return (int) (mix(sequence ^ ((long) stream << 48) ^ ((long) length << 17)) >>> 32);
    }

    private static long mix(long value) {
        long mixed = (value + GOLDEN) * 0xBF58_476D_1CE4_E5B9L;
        return (mixed ^ (mixed >>> 29)) * 0x94D0_49BB_1331_11EBL;
    }

    private static byte[] text() {
        byte[] text = new byte[STARTS + MAX_PAYLOAD];
        long state = GOLDEN;
        for (int i = 0; i < text.length; i++) {
            state ^= state << 13;
            state ^= state >>> 7;
            state ^= state << 17;
            text[i] = (byte) (state >>> 24);
        }
        return text;
    }
}
