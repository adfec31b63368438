// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.linux;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Fault injection for tests: every kernel call of the library asks the installed {@link Hook} before it is made. With no
 * hook, which is the rule, this costs one read of a field.
 *
 * <pre>{@code
 * try (var faults = LinuxFaults.install((call, arg) -> call == SystemCall.MMAP ? Errno.ENOMEM : 0)) {
 *     // every mmap of the process fails here
 * }
 * }</pre>
 *
 * <p>The hook serves all threads of the process; a hook that must hit one thread only checks the current thread.
 */
public final class LinuxFaults {
    private static final VarHandle HOOK;

    /** Written by compare-and-set only, so that two tests cannot install over each other. */
    private static volatile @Nullable Hook hook;

    static {
        try {
            HOOK = MethodHandles.lookup().findStaticVarHandle(LinuxFaults.class, "hook", Hook.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private LinuxFaults() {}

    /** Decides the fate of kernel calls. Called on the thread that makes the call; must be thread-safe. */
    @FunctionalInterface
    public interface Hook {
        /**
         * Whether the call is to fail. Asked once per attempt, so a hook that answers {@link Errno#EINTR} is asked
         * again and must change its answer at some time. A failing {@link SystemCall#CLOSE} closes all the same, as
         * the kernel does.
         *
         * @param call the call about to be made
         * @param firstArgument its first argument: for most calls the file descriptor
         * @return the positive error number to fail with, or 0 to make the call
         */
        int failWith(SystemCall call, long firstArgument);

        /**
         * Shortens a transfer. Asked for {@code read}, {@code write}, {@code pread}, {@code pwrite}, {@code sendmsg} and
         * {@code recvmsg}.
         *
         * @param call the call about to be made
         * @param lengthBytes how many bytes it was asked to move
         * @return how many it may move, 1 to {@code lengthBytes}
         */
        default long limitBytes(SystemCall call, long lengthBytes) {
            return lengthBytes;
        }
    }

    /** An installed hook; closing it removes it. */
    @FunctionalInterface
    public interface Installed extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * Installs a hook for the whole process.
     *
     * @param newHook the hook
     * @return removes the hook when closed
     * @throws IllegalStateException if one is installed already
     */
    public static Installed install(Hook newHook) {
        Objects.requireNonNull(newHook, "newHook");
        if (!HOOK.compareAndSet((Hook) null, newHook)) {
            throw new IllegalStateException("a fault hook is installed already: close it first");
        }
        return () -> HOOK.compareAndSet(newHook, (Hook) null);
    }

    /** The error number that the call must fail with, or 0. */
    static int errnoFor(SystemCall call, long firstArgument) {
        @Nullable Hook current = hook;
        return current == null ? 0 : current.failWith(call, firstArgument);
    }

    /** The number of bytes that the call may move. */
    static long limit(SystemCall call, long lengthBytes) {
        @Nullable Hook current = hook;
        return current == null ? lengthBytes : Math.clamp(current.limitBytes(call, lengthBytes), 0L, lengthBytes);
    }
}
