// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Adds 1 to an event counter without ever waiting, whatever its file status flags are and whoever else writes to it. A
 * write has no such form; but the kernel itself signals an event counter when an asynchronous read ends ({@code
 * IOCB_FLAG_RESFD}), and what it adds to a full counter is dropped. So a read of nothing is submitted: of the counter
 * itself, which ends in the call. Any thread.
 */
final class AioSignal {
    // struct iocb of linux/aio_abi.h, little-endian
    private static final long OPCODE = 16;
    private static final long FILE = 20;
    private static final long FLAGS = 56;
    private static final long RESFD = 60;
    private static final long IOCB_BYTES = 64;
    private static final short CMD_PREAD = 0;
    private static final int FLAG_RESFD = 1;

    /** Reads that may be submitted before their results are taken. */
    private static final int EVENTS = 128;
    /** Submissions without room before the caller goes another way. */
    private static final int ATTEMPTS = 16;

    // struct aio_ring of fs/aio.c, which the context's number is the address of; libaio relies on it too
    private static final long HEAD = 8;
    private static final long MAGIC = 16;
    private static final long RING_BYTES = 32;
    private static final int RING_MAGIC = 0xa10a10a1;
    private static final VarHandle INDEX = ValueLayout.JAVA_INT.varHandle();
    private static final long TAIL = 12;

    private static final @Nullable AioSignal SHARED = open();

    private final long context;
    private final MemorySegment ring;

    private AioSignal(long context, MemorySegment ring) {
        this.context = context;
        this.ring = ring;
    }

    @SuppressWarnings("restricted")
    private static @Nullable AioSignal open() {
        MemorySegment buffer = CallScratch.current().buffer();
        buffer.set(ValueLayout.JAVA_LONG, 0, 0L);
        if (Kernel.invoke(SystemCall.IO_SETUP, EVENTS, buffer.address()) < 0) {
            return null; // a kernel or a container without
        }
        long context = buffer.get(ValueLayout.JAVA_LONG, 0);
        MemorySegment ring = MemorySegment.ofAddress(context).reinterpret(RING_BYTES);
        return ring.get(ValueLayout.JAVA_INT, MAGIC) == RING_MAGIC ? new AioSignal(context, ring) : null;
    }

    /**
     * Signals.
     *
     * @param fd an event counter
     * @return false if this way is not open here (no asynchronous reads, a kernel before 5.8); nothing was signalled then
     */
    static boolean signal(int fd) {
        AioSignal shared = SHARED;
        return shared != null && shared.submit(fd);
    }

    private boolean submit(int fd) {
        MemorySegment buffer = CallScratch.current().buffer();
        for (long at = 0; at < IOCB_BYTES; at += Long.BYTES) {
            buffer.set(ValueLayout.JAVA_LONG, at, 0L); // a slice to fill would be an object for each signal
        }
        buffer.set(ValueLayout.JAVA_SHORT, OPCODE, CMD_PREAD);
        buffer.set(ValueLayout.JAVA_INT, FILE, fd);
        buffer.set(ValueLayout.JAVA_INT, FLAGS, FLAG_RESFD);
        buffer.set(ValueLayout.JAVA_INT, RESFD, fd);
        buffer.set(ValueLayout.JAVA_LONG, IOCB_BYTES, buffer.address());
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            long result = Kernel.invoke(SystemCall.IO_SUBMIT, context, 1, buffer.address() + IOCB_BYTES);
            forgetResults();
            if (result != -Errno.EAGAIN) {
                return result == 1;
            }
        }
        return false;
    }

    /** Nobody wants the results. Threads that do this at once may move the index back, which only keeps room for later. */
    private void forgetResults() {
        INDEX.setRelease(ring, HEAD, (int) INDEX.getAcquire(ring, TAIL));
    }
}
