// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.layout;

/**
 * Byte layout of the payload about the in-flight buffer (vhost-user specification, "Inflight description"), in the byte order of the
 * host.
 *
 * <pre>size u64 | offset u64 | queues u16 | queue size u16</pre>
 */
public final class VhostUserInflight {
    /** Offset of the buffer's size in bytes. */
    public static final int SIZE = 0;
    /** Offset of where the buffer starts in its file. */
    public static final int OFFSET = 8;
    /** Offset of the number of rings. */
    public static final int QUEUES = 16;
    /** Offset of the size of each ring. */
    public static final int QUEUE_SIZE = 18;
    /** Bytes of the payload. */
    public static final int BYTES = 20;
    /** Bytes of the payload as a C structure. */
    public static final int PADDED_BYTES = 24;

    private VhostUserInflight() {}
}
