// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.testkit;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Builds the bytes of a message's payload, in the byte order of the host. */
public final class Payload {
    private final ByteBuffer bytes = ByteBuffer.allocate(8192).order(ByteOrder.nativeOrder());

    /** Nothing yet. */
    public Payload() {}

    /** Adds 32 bits. */
    public Payload u32(long value) {
        bytes.putInt((int) value);
        return this;
    }

    /** Adds 64 bits. */
    public Payload u64(long value) {
        bytes.putLong(value);
        return this;
    }

    /** Adds zero bytes. */
    public Payload zeros(int count) {
        bytes.put(new byte[count]);
        return this;
    }

    /** What was added. */
    public byte[] toBytes() {
        byte[] result = new byte[bytes.position()];
        bytes.get(0, result);
        return result;
    }

    /** A ring's state. */
    public static byte[] state(long queue, long number) {
        return new Payload().u32(queue).u32(number).toBytes();
    }

    /** A single number. */
    public static byte[] number(long value) {
        return new Payload().u64(value).toBytes();
    }

    /** A single memory region. */
    public static byte[] region(long gpa, long size, long userAddr, long mmapOffset) {
        return new Payload()
                .u64(0)
                .u64(gpa)
                .u64(size)
                .u64(userAddr)
                .u64(mmapOffset)
                .toBytes();
    }

    /** A ring's addresses. */
    public static byte[] addresses(long queue, long flags, long desc, long used, long avail) {
        return new Payload()
                .u32(queue)
                .u32(flags)
                .u64(desc)
                .u64(used)
                .u64(avail)
                .u64(0)
                .toBytes();
    }
}
