// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.server;

import io.vhost4j.core.linux.Errno;
import io.vhost4j.core.linux.LinuxFaults;
import io.vhost4j.core.linux.SystemCall;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Fails one call of the library's: the {@code occurrence}-th of its kind. Calls of the library are those of the event thread, and those
 * of other threads inside {@link #inLibrary}. Without a call to fail it counts.
 */
final class FaultPlan implements LinuxFaults.Hook {
    /** What a call may fail with; calls that are not here are not made to fail, their failing has no meaning or no cause. */
    static final Map<SystemCall, List<Integer>> CAUSES = new EnumMap<>(Map.ofEntries(
            Map.entry(SystemCall.SOCKET, List.of(Errno.EMFILE)),
            Map.entry(SystemCall.BIND, List.of(Errno.EACCES)),
            Map.entry(SystemCall.LISTEN, List.of(Errno.EADDRINUSE)),
            Map.entry(SystemCall.CHMOD, List.of(Errno.EPERM)),
            Map.entry(SystemCall.CONNECT, List.of(Errno.ECONNREFUSED, Errno.EAGAIN, Errno.EINTR)),
            Map.entry(SystemCall.ACCEPT, List.of(Errno.EMFILE, Errno.ENOMEM, Errno.EINTR)),
            Map.entry(SystemCall.EPOLL_CREATE, List.of(Errno.EMFILE)),
            Map.entry(SystemCall.EPOLL_CTL, List.of(Errno.ENOMEM, Errno.ENOSPC)),
            Map.entry(SystemCall.EPOLL_WAIT, List.of(Errno.EINTR)),
            Map.entry(SystemCall.EVENTFD, List.of(Errno.EMFILE)),
            Map.entry(SystemCall.MMAP, List.of(Errno.ENOMEM)),
            Map.entry(SystemCall.FSTAT, List.of(Errno.ENOMEM)),
            Map.entry(SystemCall.FSTATFS, List.of(Errno.EIO)),
            Map.entry(SystemCall.FCNTL, List.of(Errno.EMFILE)),
            Map.entry(SystemCall.MEMFD_CREATE, List.of(Errno.EMFILE)),
            Map.entry(SystemCall.FTRUNCATE, List.of(Errno.ENOSPC)),
            Map.entry(SystemCall.MADVISE, List.of(Errno.EAGAIN)),
            Map.entry(SystemCall.RECVMSG, List.of(Errno.EAGAIN, Errno.ECONNRESET, Errno.ENOMEM, Errno.EINTR)),
            Map.entry(SystemCall.SENDMSG, List.of(Errno.EAGAIN, Errno.EPIPE, Errno.ENOMEM, Errno.EINTR)),
            Map.entry(SystemCall.POLL, List.of(Errno.ENOMEM, Errno.EINTR)),
            Map.entry(SystemCall.UNLINK, List.of(Errno.EACCES)),
            Map.entry(SystemCall.CLOSE, List.of(Errno.EIO, Errno.EINTR))));

    private final SystemCall call;
    private final int occurrence;
    private final int errno;
    private final Map<SystemCall, Integer> seen = new EnumMap<>(SystemCall.class);
    private final ThreadLocal<Boolean> inside = ThreadLocal.withInitial(() -> false);
    private boolean hit;

    FaultPlan(SystemCall call, int occurrence, int errno) {
        this.call = call;
        this.occurrence = occurrence;
        this.errno = errno;
    }

    /** Fails nothing. */
    static FaultPlan counting() {
        return new FaultPlan(SystemCall.GETPID, -1, 0);
    }

    /** Runs something that is the library's. */
    void inLibrary(Runnable work) {
        inside.set(true);
        try {
            work.run();
        } finally {
            inside.set(false);
        }
    }

    private boolean isLibrary() {
        return inside.get() || Thread.currentThread().getName().equals("vhost-events");
    }

    @Override
    public synchronized int failWith(SystemCall made, long firstArgument) {
        if (!isLibrary()) {
            return 0;
        }
        int number = seen.merge(made, 1, Integer::sum);
        if (made != call || number != occurrence) {
            return 0;
        }
        hit = true;
        return errno;
    }

    /** What the call fails with. */
    int errno() {
        return errno;
    }

    /** How often each call was made so far. */
    synchronized Map<SystemCall, Integer> seen() {
        return new EnumMap<>(seen);
    }

    /** Whether the call was made and failed. */
    synchronized boolean hit() {
        return hit;
    }

    @Override
    public String toString() {
        return call.label() + " number " + occurrence + " fails with " + Errno.name(errno);
    }
}
