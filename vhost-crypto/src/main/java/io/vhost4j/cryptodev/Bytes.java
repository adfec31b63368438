// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Little-endian numbers in arrays. */
final class Bytes {
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private Bytes() {}

    /** 32 bits. */
    static int intAt(byte[] from, int at) {
        return (int) INT.get(from, at);
    }

    /** An unsigned number of 32 bits. */
    static long unsignedAt(byte[] from, int at) {
        return Integer.toUnsignedLong(intAt(from, at));
    }

    /** 64 bits. */
    static long longAt(byte[] from, int at) {
        return (long) LONG.get(from, at);
    }

    static void setInt(byte[] to, int at, int value) {
        INT.set(to, at, value);
    }

    static void setLong(byte[] to, int at, long value) {
        LONG.set(to, at, value);
    }
}
