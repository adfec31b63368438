// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.linux;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the processor for cache lines that are about to be written, without waiting for them. Neither Java nor the C library can: a read fetches a
 * line that others keep, too, so that the write has to ask again, and writes ask one after the other. So this is a function of our own, of a
 * few bytes of machine code on a page that is never writable and executable at the same time, called as any other native function. All that it does
 * with memory besides reading the array is {@code prefetchw}, a hint: it changes no contents, and an address without memory is no error (AMD64 Architecture
 * Programmer's Manual, volume 3, "PREFETCH, PREFETCHW").
 *
 * <p>On x86-64. Elsewhere, where the system property {@value #PROPERTY} is {@code false}, and where the kernel refuses the page, {@link #AVAILABLE} is
 * false.
 */
public final class Prefetch {
    /** The system property that turns it off by {@code false}. */
    public static final String PROPERTY = "vhost4j.prefetch";

    private static final Logger LOG = LoggerFactory.getLogger(Prefetch.class);

    /** {@code void (const long *addresses, long count, long offset)} in the calling convention of the System V ABI; count is at least 1. */
    private static final byte[] X86_64 = bytes(
            0xF3, 0x0F, 0x1E, 0xFA, //       endbr64
            0x48, 0x8D, 0x34, 0xF7, //       lea rsi, [rdi + 8 * rsi]
            0x48, 0x8B, 0x07, //       next: mov rax, [rdi]
            0x0F, 0x0D, 0x0C, 0x10, //       prefetchw [rax + rdx]
            0x48, 0x83, 0xC7, 0x08, //       add rdi, 8
            0x48, 0x39, 0xF7, //             cmp rdi, rsi
            0x72, 0xF0, //                   jb next
            0xC3); //                        ret

    private static final @Nullable MethodHandle FOR_WRITING = wanted() ? link() : null;

    /** Whether {@link #forWriting} does anything. */
    public static final boolean AVAILABLE = FOR_WRITING != null;

    private Prefetch() {}

    private static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }

    private static boolean wanted() {
        return Arch.X86_64 && !"false".equals(System.getProperty(PROPERTY));
    }

    /** The function, or null where the kernel refuses it. */
    static @Nullable MethodHandle link() {
        try {
            return function(map(X86_64));
        } catch (NativeException e) {
            LOG.info(
                    "no prefetching of guest memory, which is slower where processors are far apart: no memory for its"
                            + " code: {}",
                    e.getMessage());
            return null;
        }
    }

    /** Maps {@code code} for the rest of the process's life, so that it is none of the {@link Mapping}s that are to be closed. Returns its address. */
    @SuppressWarnings("restricted")
    private static long map(byte[] code) {
        long page = LinuxProcess.pageSize();
        int writable = Mapping.PROT_READ | Mapping.PROT_WRITE;
        int flags = Mapping.MAP_PRIVATE | Mapping.MAP_ANONYMOUS;
        long at = check(SystemCall.MMAP, Kernel.invoke(SystemCall.MMAP, 0, page, writable, flags, -1, 0));
        MemorySegment.ofAddress(at).reinterpret(page).copyFrom(MemorySegment.ofArray(code));
        try {
            int executable = Mapping.PROT_READ | Mapping.PROT_EXEC;
            check(SystemCall.MPROTECT, Kernel.invoke(SystemCall.MPROTECT, at, page, executable));
        } catch (NativeException e) {
            check(SystemCall.MUNMAP, Kernel.invoke(SystemCall.MUNMAP, at, page));
            throw e;
        }
        return at;
    }

    private static long check(SystemCall call, long result) {
        if (result < 0) {
            throw new NativeException(call, result, "a page for machine code");
        }
        return result;
    }

    /** Without a change of the thread's state, which takes longer than the function, and with the array where it is. */
    @SuppressWarnings("restricted")
    private static MethodHandle function(long code) {
        FunctionDescriptor type =
                FunctionDescriptor.ofVoid(ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG);
        return Linker.nativeLinker().downcallHandle(MemorySegment.ofAddress(code), type, Linker.Option.critical(true));
    }

    /**
     * Asks for the cache lines of the first {@code count} addresses, each {@code offset} bytes further. Returns before they are there. Does nothing unless
     * {@link #AVAILABLE}.
     */
    public static void forWriting(long[] addresses, int count, int offset) {
        Objects.checkFromIndexSize(0, count, addresses.length);
        MethodHandle function = FOR_WRITING;
        if (function == null || count == 0) {
            return;
        }
        try {
            function.invokeExact(MemorySegment.ofArray(addresses), (long) count, (long) offset);
        } catch (Throwable t) {
            throw Kernel.unexpected("prefetch", t);
        }
    }
}
