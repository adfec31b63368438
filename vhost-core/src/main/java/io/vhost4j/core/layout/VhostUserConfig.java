// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.layout;

/**
 * Byte layout of the payload about the configuration space (vhost-user specification, "Virtio device config space"), in the
 * byte order of the host.
 *
 * <pre>offset u32 | size u32 | flags u32 | bytes</pre>
 */
public final class VhostUserConfig {
    /** Offset of where the bytes are in the configuration space. */
    public static final int OFFSET = 0;
    /** Offset of the number of bytes. */
    public static final int SIZE = 4;
    /** Offset of the flags: 0 the guest writes, 1 live migration. */
    public static final int FLAGS = 8;
    /** Offset of the bytes. */
    public static final int DATA = 12;
    /** Bytes of the largest configuration space. */
    public static final int MAX_DATA = 256;

    private VhostUserConfig() {}
}
