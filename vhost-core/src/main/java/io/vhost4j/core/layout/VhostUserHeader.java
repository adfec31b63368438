// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.layout;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Byte layout of the header of every vhost-user message (vhost-user specification, "Message Specification"), in the byte
 * order of the host.
 *
 * <pre>request u32 | flags u32 | size u32</pre>
 */
public final class VhostUserHeader {
    /** Offset of the request code. */
    public static final int REQUEST = 0;
    /** Offset of the flags. */
    public static final int FLAGS = 4;
    /** Offset of the number of payload bytes. */
    public static final int SIZE = 8;
    /** Bytes of the header. */
    public static final int BYTES = 12;

    /** The part of the flags that holds the version. */
    public static final int VERSION_MASK = 0x3;
    /** The only version. */
    public static final int VERSION = 0x1;
    /** Flag: the message is a reply. */
    public static final int REPLY = 0x4;
    /** Flag: the sender wants a reply, if REPLY_ACK was negotiated. */
    public static final int NEED_REPLY = 0x8;

    private VhostUserHeader() {}

    /** The request code. */
    public static int request(MemorySegment header) {
        return header.get(ValueLayout.JAVA_INT_UNALIGNED, REQUEST);
    }

    /** The flags. */
    public static int flags(MemorySegment header) {
        return header.get(ValueLayout.JAVA_INT_UNALIGNED, FLAGS);
    }

    /** Payload bytes, unsigned. */
    public static long sizeBytes(MemorySegment header) {
        return Integer.toUnsignedLong(header.get(ValueLayout.JAVA_INT_UNALIGNED, SIZE));
    }

    /** Writes a header to the start of {@code message}. */
    public static void write(MemorySegment message, int request, int flags, int sizeBytes) {
        message.set(ValueLayout.JAVA_INT_UNALIGNED, REQUEST, request);
        message.set(ValueLayout.JAVA_INT_UNALIGNED, FLAGS, flags);
        message.set(ValueLayout.JAVA_INT_UNALIGNED, SIZE, sizeBytes);
    }
}
