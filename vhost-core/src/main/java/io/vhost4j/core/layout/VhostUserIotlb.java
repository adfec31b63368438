// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.layout;

/**
 * Byte layout of the payload of IOTLB_MSG, both ways (vhost-user specification, "IOTLB message"), in the byte order of the host.
 *
 * <pre>iova u64 | size u64 | user address u64 | permission u8 | type u8 | padding</pre>
 */
public final class VhostUserIotlb {
    /** Offset of the I/O virtual address. */
    public static final int IOVA = 0;
    /** Offset of the size in bytes. */
    public static final int SIZE = 8;
    /** Offset of the address in the front-end. */
    public static final int USER_ADDR = 16;
    /** Offset of the permission: 1 read, 2 write, 3 both. */
    public static final int PERMISSION = 24;
    /** Offset of the type. */
    public static final int TYPE = 25;
    /** Bytes of the payload. */
    public static final int BYTES = 32;

    /** Type: the back-end does not know an address. */
    public static final int TYPE_MISS = 1;
    /** Type: the front-end tells a translation. */
    public static final int TYPE_UPDATE = 2;
    /** Type: the front-end takes back translations. */
    public static final int TYPE_INVALIDATE = 3;
    /** Type: an access was not allowed. */
    public static final int TYPE_ACCESS_FAIL = 4;

    private VhostUserIotlb() {}
}
