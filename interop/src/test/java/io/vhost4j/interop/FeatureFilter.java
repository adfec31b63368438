// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import io.vhost4j.core.linux.FdBag;
import io.vhost4j.core.linux.NativeException;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.linux.Poll;
import io.vhost4j.core.linux.UnixSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** Stands between one front-end and its back-end, and keeps a feature bit from the back-end that the front-end has accepted. */
final class FeatureFilter implements AutoCloseable {
    private static final int HEADER = 12;
    private static final int SIZE_AT = 8;
    private static final int SET_FEATURES = 2;
    private static final int BUFFER = 1 << 16;
    private static final int POLL_MS = 100;

    private final UnixSocket listener = UnixSocket.open();
    private final Path backend;
    private final long mask;
    private final AtomicInteger removed = new AtomicInteger();
    private final List<Thread> threads = new CopyOnWriteArrayList<>();
    private volatile boolean closed;

    private FeatureFilter(Path path, Path backend, int bit) {
        this.backend = backend;
        this.mask = 1L << bit;
        listener.bind(path.toString());
        listener.listen(1);
    }

    /** Listens at a path for one front-end, and connects it to the back-end's socket. */
    static FeatureFilter start(Path path, Path backend, int bit) {
        FeatureFilter filter = new FeatureFilter(path, backend, bit);
        filter.run(filter::serve);
        return filter;
    }

    /** How often the bit was taken out. */
    int removed() {
        return removed.get();
    }

    private void run(Runnable work) {
        threads.add(Thread.ofPlatform().daemon().name("feature filter").start(work));
    }

    private void serve() {
        if (!readable(listener)) {
            return;
        }
        try (UnixSocket front = listener.accept().orElseThrow();
                UnixSocket back = UnixSocket.open()) {
            back.connect(backend.toString());
            Thread answers =
                    Thread.ofPlatform().daemon().name("feature filter, answers").start(() -> pass(back, front, false));
            threads.add(answers);
            pass(front, back, true);
            back.shutdown(UnixSocket.SHUT_RDWR);
            answers.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void pass(UnixSocket from, UnixSocket to, boolean filtered) {
        try (Arena arena = Arena.ofConfined();
                FdBag fds = new FdBag()) {
            MemorySegment buffer = arena.allocate(BUFFER);
            while (receive(from, buffer, 0, HEADER, fds)) {
                int size = buffer.get(ValueLayout.JAVA_INT, SIZE_AT);
                if (!receive(from, buffer, HEADER, size, fds)) {
                    return;
                }
                if (filtered && buffer.get(ValueLayout.JAVA_INT, 0) == SET_FEATURES) {
                    long features = buffer.get(ValueLayout.JAVA_LONG_UNALIGNED, HEADER);
                    removed.addAndGet((features & mask) == 0 ? 0 : 1);
                    buffer.set(ValueLayout.JAVA_LONG_UNALIGNED, HEADER, features & ~mask);
                }
                send(to, buffer, HEADER + size, fds);
            }
        } catch (NativeException e) {
            // one side is gone: so goes the other
            return;
        }
    }

    /** Waits for all bytes; false at the end. */
    private boolean receive(UnixSocket from, MemorySegment buffer, long offset, long bytes, FdBag fds) {
        long done = 0;
        while (done < bytes) {
            if (!readable(from)) {
                return false;
            }
            long got = from.receive(buffer, offset + done, bytes - done, fds);
            if (got == 0) {
                return false;
            }
            done += Math.max(0, got);
        }
        return true;
    }

    private static void send(UnixSocket to, MemorySegment buffer, long bytes, FdBag bag) {
        OwnedFd[] owned = new OwnedFd[bag.size()];
        int[] fds = new int[bag.size()];
        for (int i = 0; i < fds.length; i++) {
            owned[i] = bag.take(i);
            fds[i] = owned[i].fd();
        }
        bag.clear();
        long done = 0;
        while (done < bytes) {
            Poll.await(to.fd(), Poll.OUT, POLL_MS);
            done += Math.max(0, to.send(buffer, done, bytes - done, done == 0 ? fds : new int[0]));
        }
        for (OwnedFd fd : owned) {
            fd.close();
        }
    }

    private boolean readable(UnixSocket socket) {
        while (!closed) {
            if (Poll.await(socket.fd(), Poll.IN, POLL_MS) != 0) {
                return true;
            }
        }
        return false;
    }

    @Override
    public void close() {
        closed = true;
        for (Thread thread : threads) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        listener.close();
    }
}
