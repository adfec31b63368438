// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.linux;

import java.lang.foreign.AddressLayout;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The gate: every kernel call passes here, through C's {@code long syscall(long number, ...)}. It returns the result, or
 * {@code -errno}; it does not throw for what the kernel says. Nothing is allocated.
 */
final class Kernel {
    /** {@code _SC_PAGESIZE} of glibc's {@code bits/confname.h}. */
    private static final int SC_PAGESIZE = 30;

    private static final int ERROR_TEXT_BYTES = 256;

    /** Why no call is possible; null where calls are possible. */
    private static final @Nullable String UNAVAILABLE;

    private static final @Nullable MethodHandle SYSCALL;
    private static final @Nullable MethodHandle STRERROR_R;
    private static final @Nullable MethodHandle SYSCONF;

    static {
        @Nullable MethodHandle syscall = null;
        @Nullable MethodHandle strerror = null;
        @Nullable MethodHandle sysconf = null;
        @Nullable String unavailable = null;
        if (!Arch.supported()) {
            unavailable = "vhost4j needs Linux on x86-64 or aarch64, this is " + System.getProperty("os.name") + " on "
                    + System.getProperty("os.arch");
        } else {
            ValueLayout.OfLong word = ValueLayout.JAVA_LONG;
            try {
                syscall = link(
                        "syscall",
                        FunctionDescriptor.of(word, word, word, word, word, word, word, word),
                        Linker.Option.firstVariadicArg(1),
                        Linker.Option.captureCallState("errno"));
                // the XSI form of strerror_r, under the name that glibc and musl both export
                AddressLayout pointer = ValueLayout.ADDRESS;
                ValueLayout.OfInt number = ValueLayout.JAVA_INT;
                strerror = link("__xpg_strerror_r", FunctionDescriptor.of(number, number, pointer, word));
                sysconf = link("sysconf", FunctionDescriptor.of(word, number));
            } catch (IllegalCallerException e) {
                unavailable = deniedMessage(e);
            }
        }
        SYSCALL = syscall;
        STRERROR_R = strerror;
        SYSCONF = sysconf;
        UNAVAILABLE = unavailable;
    }

    private Kernel() {}

    @SuppressWarnings("restricted")
    private static MethodHandle link(String symbol, FunctionDescriptor descriptor, Linker.Option... options) {
        Linker linker = Linker.nativeLinker();
        MemorySegment address = linker.defaultLookup()
                .find(symbol)
                .orElseThrow(() -> new UnsatisfiedLinkError(symbol + " is not in the C library"));
        return linker.downcallHandle(address, descriptor, options);
    }

    private static String deniedMessage(IllegalCallerException cause) {
        Module module = Kernel.class.getModule();
        String name = module.isNamed() ? module.getName() : "ALL-UNNAMED";
        return "native access is denied to vhost4j: start java with --enable-native-access=" + name + " ("
                + cause.getMessage() + ")";
    }

    private static void requireAvailable() {
        if (UNAVAILABLE != null) {
            throw new NativeAccessException(UNAVAILABLE);
        }
    }

    /** Makes a call with up to six arguments, again while it is interrupted. */
    static long invoke(SystemCall call, long a0, long a1, long a2, long a3, long a4, long a5) {
        long result;
        do {
            result = invokeOnce(call, a0, a1, a2, a3, a4, a5);
        } while (result == -Errno.EINTR);
        return result;
    }

    static long invoke(SystemCall call, long a0, long a1, long a2, long a3) {
        return invoke(call, a0, a1, a2, a3, 0, 0);
    }

    static long invoke(SystemCall call, long a0, long a1, long a2) {
        return invoke(call, a0, a1, a2, 0, 0, 0);
    }

    static long invoke(SystemCall call, long a0, long a1) {
        return invoke(call, a0, a1, 0, 0, 0, 0);
    }

    /** As {@code invoke}, but an interrupted call returns {@code -EINTR}: for calls whose timeout must then shrink. */
    static long invokeOnce(SystemCall call, long a0, long a1, long a2, long a3, long a4, long a5) {
        int fault = LinuxFaults.errnoFor(call, a0);
        return fault != 0 ? -fault : enter(call, a0, a1, a2, a3, a4, a5);
    }

    private static long enter(SystemCall call, long a0, long a1, long a2, long a3, long a4, long a5) {
        requireAvailable();
        CallScratch scratch = CallScratch.current();
        long result;
        try {
            result = (long) SYSCALL.invokeExact(scratch.callState(), call.number(), a0, a1, a2, a3, a4, a5);
        } catch (Throwable t) {
            throw unexpected(call.label(), t);
        }
        return result == -1 ? -scratch.errno() : result;
    }

    /**
     * Closes a descriptor, once: after {@code close} the number may belong to another thread's file, whatever the call
     * returned, so it is never repeated. What it may report but a wrong number is about data that somebody else wrote to the file
     * (a file system of the peer's making can choose it), and is of no account to us.
     */
    static void close(int fd) {
        long result = enter(SystemCall.CLOSE, fd, 0, 0, 0, 0, 0);
        int fault = LinuxFaults.errnoFor(SystemCall.CLOSE, fd);
        if (fault != 0) {
            result = -fault;
        }
        if (result == -Errno.EBADF) {
            throw new NativeException(SystemCall.CLOSE, result, "fd=" + fd);
        }
    }

    /** Throws where the result is {@code -errno} of a call on a descriptor; otherwise returns the result. */
    static long check(long result, SystemCall call, int fd) {
        if (result < 0) {
            throw new NativeException(call, result, "fd=" + fd);
        }
        return result;
    }

    /**
     * The address of a range of the caller's memory, checked to be native, alive and inside the segment. The caller keeps
     * the segment reachable until the kernel call has returned.
     */
    static long address(MemorySegment segment, long offset, long lengthBytes) {
        Objects.checkFromIndexSize(offset, lengthBytes, segment.byteSize());
        if (!segment.isNative()) {
            throw new IllegalArgumentException("a heap segment was given where the kernel needs off-heap memory");
        }
        if (!segment.scope().isAlive()) {
            throw new IllegalStateException("the segment's arena is closed");
        }
        return segment.address() + offset;
    }

    /** As {@code address}, for memory that the kernel writes to. */
    static long writableAddress(MemorySegment segment, long offset, long lengthBytes) {
        if (segment.isReadOnly()) {
            throw new IllegalArgumentException("a read-only segment was given where the kernel writes");
        }
        return address(segment, offset, lengthBytes);
    }

    static long pageSize() {
        requireAvailable();
        try {
            return (long) SYSCONF.invokeExact(SC_PAGESIZE);
        } catch (Throwable t) {
            throw unexpected("sysconf", t);
        }
    }

    static String errorText(int errno) {
        requireAvailable();
        MemorySegment buffer = CallScratch.current().buffer();
        int failed;
        try {
            failed = (int) STRERROR_R.invokeExact(errno, buffer, (long) ERROR_TEXT_BYTES);
        } catch (Throwable t) {
            throw unexpected("strerror_r", t);
        }
        return failed == 0 ? buffer.getString(0) : "unknown error";
    }

    /** A downcall itself throws only errors of the JVM and of its use: neither is the caller's to handle. */
    static RuntimeException unexpected(String call, Throwable t) {
        if (t instanceof Error error) {
            throw error;
        }
        if (t instanceof RuntimeException exception) {
            return exception;
        }
        return new IllegalStateException(call + ": the downcall failed", t);
    }
}
