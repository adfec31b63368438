// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.layout;

/** Byte layout of the payload of SET_LOG_BASE: {@code size u64 | offset u64}, in the byte order of the host. */
public final class VhostUserLog {
    /** Offset of the log's size in bytes. */
    public static final int SIZE = 0;
    /** Offset of where the log starts in its file. */
    public static final int OFFSET = 8;
    /** Bytes of the payload. */
    public static final int BYTES = 16;

    private VhostUserLog() {}
}
