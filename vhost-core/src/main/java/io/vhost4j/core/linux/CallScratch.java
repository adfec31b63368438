// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/**
 * Off-heap working memory of one thread, allocated at its first kernel call: where the linker puts {@code errno}, and a
 * buffer for structs and paths. The buffer belongs to one method at a time: a method that fills it makes its call and
 * reads the results before it calls anything else that may use it. The thread's map keeps it alive, so its raw addresses
 * may be passed to the kernel.
 */
final class CallScratch {
    /** Holds the largest use: a path, or the control data of one message. */
    static final int SIZE = 8192;

    /** {@code PATH_MAX} of {@code linux/limits.h}, with the final NUL. */
    private static final int PATH_MAX = 4096;

    private static final StructLayout STATE_LAYOUT = Linker.Option.captureStateLayout();
    private static final long ERRNO = STATE_LAYOUT.byteOffset(MemoryLayout.PathElement.groupElement("errno"));
    private static final ThreadLocal<CallScratch> CURRENT = ThreadLocal.withInitial(CallScratch::new);

    private final MemorySegment callState;
    private final MemorySegment buffer;

    private CallScratch() {
        Arena arena = Arena.ofAuto();
        callState = arena.allocate(STATE_LAYOUT);
        buffer = arena.allocate(SIZE, 16);
    }

    static CallScratch current() {
        return CURRENT.get();
    }

    MemorySegment callState() {
        return callState;
    }

    int errno() {
        return callState.get(ValueLayout.JAVA_INT, ERRNO);
    }

    MemorySegment buffer() {
        return buffer;
    }

    long address() {
        return buffer.address();
    }

    /** Writes a path with its final NUL to the start of the buffer and returns its address. */
    long path(String path) {
        byte[] bytes = path.getBytes(StandardCharsets.UTF_8);
        if (bytes.length == 0 || bytes.length >= PATH_MAX || path.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("path of " + bytes.length + " bytes: it must have 1 to " + (PATH_MAX - 1)
                    + " bytes and no NUL: " + path);
        }
        for (int i = 0; i < bytes.length; i++) {
            buffer.set(ValueLayout.JAVA_BYTE, i, bytes[i]);
        }
        buffer.set(ValueLayout.JAVA_BYTE, bytes.length, (byte) 0);
        return buffer.address();
    }
}
