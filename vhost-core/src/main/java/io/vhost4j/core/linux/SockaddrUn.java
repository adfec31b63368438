// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/**
 * Writes {@code struct sockaddr_un} of {@code linux/un.h}.
 *
 * <pre>{@code
 * struct sockaddr_un {
 *     sa_family_t sun_family;      // 2 bytes, AF_UNIX
 *     char        sun_path[108];   // NUL-terminated; or a NUL and a name: the abstract namespace
 * };
 * }</pre>
 */
final class SockaddrUn {
    /** {@code AF_UNIX} of {@code bits/socket.h}. */
    static final int AF_UNIX = 1;

    private static final int PATH_OFFSET = 2;
    private static final int MAX_PATH = 107;

    private SockaddrUn() {}

    /**
     * Writes an address and returns its length in bytes. {@code path} is a file's path, or {@code @name} for the abstract
     * namespace.
     */
    static long write(MemorySegment target, String path) {
        byte[] bytes = path.getBytes(StandardCharsets.UTF_8);
        if (path.isEmpty() || path.indexOf('\0') >= 0) {
            throw new IllegalArgumentException(
                    "socket path '" + path + "' is empty or contains a NUL: give a file path");
        }
        boolean isAbstract = bytes[0] == '@';
        int nameBytes = isAbstract ? bytes.length - 1 : bytes.length;
        if (nameBytes < 1 || nameBytes > MAX_PATH) {
            throw new IllegalArgumentException("socket path of " + nameBytes + " bytes: Linux allows 1 to " + MAX_PATH
                    + ", choose a shorter path: " + path);
        }
        target.set(ValueLayout.JAVA_SHORT, 0, (short) AF_UNIX);
        for (int i = 0; i < bytes.length; i++) {
            target.set(ValueLayout.JAVA_BYTE, PATH_OFFSET + i, bytes[i]);
        }
        if (isAbstract) {
            target.set(ValueLayout.JAVA_BYTE, PATH_OFFSET, (byte) 0);
            return PATH_OFFSET + (long) bytes.length;
        }
        target.set(ValueLayout.JAVA_BYTE, PATH_OFFSET + bytes.length, (byte) 0);
        return PATH_OFFSET + (long) bytes.length + 1;
    }
}
