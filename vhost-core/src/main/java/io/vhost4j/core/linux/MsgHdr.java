// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Writes and reads, in a thread's scratch buffer, a message header with one data range and one control buffer for
 * descriptors ({@code bits/socket.h}, {@code bits/types/struct_iovec.h}; 64-bit).
 *
 * <pre>{@code
 * struct msghdr {                    struct iovec {            struct cmsghdr {
 *     void         *msg_name;            void  *iov_base;          size_t cmsg_len;
 *     socklen_t     msg_namelen;         size_t iov_len;           int    cmsg_level;
 *     struct iovec *msg_iov;         };                            int    cmsg_type;
 *     size_t        msg_iovlen;                                    // data, padded to 8 bytes
 *     void         *msg_control;                               };
 *     size_t        msg_controllen;
 *     int           msg_flags;
 * };
 * }</pre>
 */
final class MsgHdr {
    /** {@code CMSG_SPACE(SCM_MAX_FD * sizeof(int))}, and room for one more small control message. */
    static final int MAX_CONTROL = 2048;

    private static final long IOV = 16;
    private static final long IOV_COUNT = 24;
    private static final long CONTROL = 32;
    private static final long CONTROL_LENGTH = 40;
    private static final long FLAGS = 48;
    private static final long HEADER_SIZE = 56;
    private static final long IOV_AT = HEADER_SIZE;
    private static final long IOV_SIZE = 16;
    private static final long CONTROL_AT = IOV_AT + IOV_SIZE;

    private static final long CMSG_LEVEL = 8;
    private static final long CMSG_TYPE = 12;
    private static final long CMSG_DATA = 16;

    /** {@code SOL_SOCKET} of {@code asm-generic/socket.h}. */
    private static final int SOL_SOCKET = 1;
    /** {@code SCM_RIGHTS} of {@code bits/socket.h}. */
    private static final int SCM_RIGHTS = 1;
    /** {@code MSG_CTRUNC} of {@code bits/socket.h}. */
    private static final int MSG_CTRUNC = 0x8;

    private MsgHdr() {}

    /** Writes the header for a data range and {@code controlBytes} of control space. */
    static void write(MemorySegment buffer, long dataAddress, long dataLength, long controlBytes) {
        buffer.asSlice(0, CONTROL_AT).fill((byte) 0);
        buffer.set(ValueLayout.JAVA_LONG, IOV, buffer.address() + IOV_AT);
        buffer.set(ValueLayout.JAVA_LONG, IOV_COUNT, 1);
        buffer.set(ValueLayout.JAVA_LONG, IOV_AT, dataAddress);
        buffer.set(ValueLayout.JAVA_LONG, IOV_AT + Long.BYTES, dataLength);
        if (controlBytes > 0) {
            buffer.set(ValueLayout.JAVA_LONG, CONTROL, buffer.address() + CONTROL_AT);
            buffer.set(ValueLayout.JAVA_LONG, CONTROL_LENGTH, controlBytes);
        }
    }

    /** Writes the header for a data range that takes descriptors with it. */
    static void writeWithFds(MemorySegment buffer, long dataAddress, long dataLength, int[] fds) {
        long length = CMSG_DATA + (long) fds.length * Integer.BYTES;
        write(buffer, dataAddress, dataLength, align(length));
        buffer.set(ValueLayout.JAVA_LONG, CONTROL_AT, length);
        buffer.set(ValueLayout.JAVA_INT, CONTROL_AT + CMSG_LEVEL, SOL_SOCKET);
        buffer.set(ValueLayout.JAVA_INT, CONTROL_AT + CMSG_TYPE, SCM_RIGHTS);
        for (int i = 0; i < fds.length; i++) {
            buffer.set(ValueLayout.JAVA_INT, CONTROL_AT + CMSG_DATA + (long) i * Integer.BYTES, fds[i]);
        }
    }

    /** Moves every descriptor that the kernel delivered into the bag; the first thing to do after receiving. */
    static void takeFds(MemorySegment buffer, FdBag bag) {
        long end = CONTROL_AT + Math.min(buffer.get(ValueLayout.JAVA_LONG, CONTROL_LENGTH), MAX_CONTROL);
        long at = CONTROL_AT;
        while (end - at >= CMSG_DATA) {
            long length = Math.min(buffer.get(ValueLayout.JAVA_LONG, at), end - at);
            if (length < CMSG_DATA) {
                break;
            }
            if (buffer.get(ValueLayout.JAVA_INT, at + CMSG_LEVEL) == SOL_SOCKET
                    && buffer.get(ValueLayout.JAVA_INT, at + CMSG_TYPE) == SCM_RIGHTS) {
                takeRights(buffer, at, length, bag);
            }
            at += align(length);
        }
        if ((buffer.get(ValueLayout.JAVA_INT, FLAGS) & MSG_CTRUNC) != 0) {
            bag.markTruncated();
        }
    }

    private static void takeRights(MemorySegment buffer, long at, long length, FdBag bag) {
        for (long data = CMSG_DATA; data + Integer.BYTES <= length; data += Integer.BYTES) {
            bag.put(buffer.get(ValueLayout.JAVA_INT, at + data));
        }
    }

    private static long align(long bytes) {
        return (bytes + 7) & -8;
    }
}
