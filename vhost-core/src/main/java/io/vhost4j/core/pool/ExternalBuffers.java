// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.pool;

import io.vhost4j.core.linux.Mapping;
import io.vhost4j.core.linux.NativeException;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Large buffers for packets that do not fit a pool's data room, kept for reuse. Any thread may attach and free.
 */
public final class ExternalBuffers {
    /** Most buffers that exist at a time. */
    private static final int LIMIT = 1024;

    private static final ArrayDeque<Buffer> FREE = new ArrayDeque<>();
    private static int made;

    private ExternalBuffers() {}

    private static final class Buffer implements Runnable {
        final Mapping mapping;

        Buffer(Mapping mapping) {
            this.mapping = mapping;
        }

        @Override
        public void run() {
            synchronized (FREE) {
                FREE.push(this);
            }
        }
    }

    /**
     * Gives {@code packet}, which is empty, an external buffer.
     *
     * @param bytes room needed; the same in all calls
     * @return the buffer's address, or 0 if there is no more memory
     */
    public static long attach(PooledPacket packet, int bytes) {
        Buffer buffer = take(bytes);
        if (buffer == null) {
            return 0;
        }
        packet.attachExternal(buffer.mapping.address(), bytes, buffer);
        return buffer.mapping.address();
    }

    private static @Nullable Buffer take(int bytes) {
        synchronized (FREE) {
            if (!FREE.isEmpty()) {
                return FREE.pop();
            }
            if (made == LIMIT) {
                return null;
            }
            try {
                int access = Mapping.PROT_READ | Mapping.PROT_WRITE;
                Buffer buffer = new Buffer(Mapping.anonymous(bytes, access, Mapping.MAP_PRIVATE));
                made++;
                return buffer;
            } catch (NativeException e) {
                // out of memory: the caller counts it and tries again later
                return null;
            }
        }
    }
}
