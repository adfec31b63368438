// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev.jca;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** GHASH (NIST SP 800-38D §6.4), bit by bit: for requests that providers cannot take. */
public final class Ghash {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
    private static final int BLOCK = 16;
    private static final long REDUCTION = 0xE1L << 56;

    private final long keyHigh;
    private final long keyLow;
    private final byte[] last = new byte[BLOCK];
    private long high;
    private long low;

    /** With a key of 16 bytes. */
    public Ghash(byte[] key) {
        keyHigh = (long) LONG.get(key, 0);
        keyLow = (long) LONG.get(key, Long.BYTES);
    }

    /** Adds bytes, and zeros up to a whole block. */
    public void update(byte[] from, int at, int bytes) {
        int whole = bytes / BLOCK * BLOCK;
        for (int i = 0; i < whole; i += BLOCK) {
            add((long) LONG.get(from, at + i), (long) LONG.get(from, at + i + Long.BYTES));
        }
        if (whole < bytes) {
            LONG.set(last, 0, 0L);
            LONG.set(last, Long.BYTES, 0L);
            System.arraycopy(from, at + whole, last, 0, bytes - whole);
            add((long) LONG.get(last, 0), (long) LONG.get(last, Long.BYTES));
        }
    }

    /** Adds one block. */
    public void add(long blockHigh, long blockLow) {
        long xHigh = high ^ blockHigh;
        long xLow = low ^ blockLow;
        long vHigh = keyHigh;
        long vLow = keyLow;
        long zHigh = 0;
        long zLow = 0;
        for (int i = 0; i < 2 * Long.SIZE; i++) {
            long mask = (i < Long.SIZE ? xHigh << i : xLow << i) >> Long.SIZE - 1;
            zHigh ^= vHigh & mask;
            zLow ^= vLow & mask;
            long carry = -(vLow & 1) & REDUCTION;
            vLow = vLow >>> 1 | vHigh << Long.SIZE - 1;
            vHigh = vHigh >>> 1 ^ carry;
        }
        high = zHigh;
        low = zLow;
    }

    /** Stores the 16 bytes that there are so far. */
    public void store(byte[] to) {
        LONG.set(to, 0, high);
        LONG.set(to, Long.BYTES, low);
    }
}
