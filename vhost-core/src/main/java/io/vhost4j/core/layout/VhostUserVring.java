// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.layout;

/**
 * Byte layouts of the payloads about one ring (vhost-user specification, "Message Specification"), in the byte order of the
 * host.
 *
 * <pre>
 * state       index u32 | num u32
 * addresses   index u32 | flags u32 | desc u64 | used u64 | avail u64 | log u64
 * descriptor  u64: bits 0-7 ring index, bit 8 no file descriptor
 * </pre>
 */
public final class VhostUserVring {
    /** State: offset of the ring's index. */
    public static final int STATE_INDEX = 0;
    /** State: offset of the number: a size, a base or a switch. */
    public static final int STATE_NUM = 4;
    /** Bytes of a state. */
    public static final int STATE_BYTES = 8;

    /** Addresses: offset of the ring's index. */
    public static final int ADDR_INDEX = 0;
    /** Addresses: offset of the flags. */
    public static final int ADDR_FLAGS = 4;
    /** Addresses: offset of the descriptor table's address in the front-end. */
    public static final int ADDR_DESC = 8;
    /** Addresses: offset of the used ring's address in the front-end. */
    public static final int ADDR_USED = 16;
    /** Addresses: offset of the available ring's address in the front-end. */
    public static final int ADDR_AVAIL = 24;
    /** Addresses: offset of the used ring's guest physical address, for the dirty log. */
    public static final int ADDR_LOG = 32;
    /** Bytes of the addresses. */
    public static final int ADDR_BYTES = 40;
    /** Addresses flag: writes to the used ring are logged. */
    public static final int ADDR_FLAG_LOG = 0x1;

    /** Descriptor: the bits that hold the ring's index. */
    public static final long FD_INDEX_MASK = 0xff;
    /** Descriptor: no file descriptor comes with the message. */
    public static final long FD_NONE = 0x100;

    private VhostUserVring() {}
}
