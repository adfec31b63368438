// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.fuzz;

/** The bytes of one input, read from the front as the decisions of a test. Behind their end they are all zero. */
public final class Input {
    private final byte[] bytes;
    private int at;

    /** All of {@code bytes}. */
    public Input(byte[] bytes) {
        this.bytes = bytes;
    }

    /** Whether bytes are left. */
    public boolean more() {
        return at < bytes.length;
    }

    /** A byte, unsigned. */
    public int u8() {
        return at < bytes.length ? bytes[at++] & 0xFF : 0;
    }

    /** 16 bits, unsigned. */
    public int u16() {
        return u8() | u8() << 8;
    }

    /** 32 bits. */
    public int u32() {
        return u16() | u16() << 16;
    }

    /** 64 bits. */
    public long u64() {
        return Integer.toUnsignedLong(u32()) | (long) u32() << 32;
    }

    /** A number from 0 to {@code bound - 1}, from one byte. */
    public int below(int bound) {
        return u8() % bound;
    }

    /** One bit, from one byte. */
    public boolean flag() {
        return (u8() & 1) != 0;
    }

    /** One of some values. */
    public long pick(long... values) {
        return values[below(values.length)];
    }

    /** The next {@code count} bytes. */
    public byte[] take(int count) {
        byte[] result = new byte[count];
        for (int i = 0; i < count; i++) {
            result[i] = (byte) u8();
        }
        return result;
    }

    /** A length in bytes: mostly small, sometimes anything that 32 bits can say. */
    public long length() {
        return switch (below(6)) {
            case 0, 1 -> u8();
            case 2, 3 -> u16() & 0x7FF;
            case 4 -> u16();
            default -> Integer.toUnsignedLong(u32());
        };
    }
}
