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

/** Stands between one front-end and its back-end, sees what the front-end sends, and may change it. */
final class Middleman implements AutoCloseable {
    private static final int HEADER = 12;
    private static final int SIZE_AT = 8;
    private static final int SET_FEATURES = 2;
    private static final int IOTLB_MSG = 22;
    private static final int IOTLB_TYPE_AT = 25;
    private static final int IOTLB_INVALIDATE = 3;
    private static final int BUFFER = 1 << 16;
    private static final int POLL_MS = 100;

    private final UnixSocket listener = UnixSocket.open();
    private final Path backend;
    private final Reader reader;
    private final AtomicInteger counted = new AtomicInteger();
    private final List<Thread> threads = new CopyOnWriteArrayList<>();
    private volatile boolean closed;

    /** Sees a message; on a thread of the middleman's. */
    @FunctionalInterface
    interface Reader {
        /**
         * A message of the front-end.
         *
         * @param request its kind
         * @param payload its payload, which may be changed; valid during the call
         * @return whether to count it
         */
        boolean read(int request, MemorySegment payload);
    }

    private Middleman(Path path, Path backend, Reader reader) {
        this.backend = backend;
        this.reader = reader;
        listener.bind(path.toString());
        listener.listen(1);
    }

    /** Listens at a path for one front-end, and connects it to the back-end's socket. */
    static Middleman start(Path path, Path backend, Reader reader) {
        Middleman middleman = new Middleman(path, backend, reader);
        middleman.run(middleman::serve);
        return middleman;
    }

    /** As {@link #start}, with a reader that takes a feature out that the front-end accepts, and counts how often. */
    static Middleman withoutFeature(Path path, Path backend, int bit) {
        return start(path, backend, (request, payload) -> {
            if (request != SET_FEATURES) {
                return false;
            }
            long features = payload.get(ValueLayout.JAVA_LONG_UNALIGNED, 0);
            payload.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, features & ~(1L << bit));
            return (features >>> bit & 1) != 0;
        });
    }

    /** As {@link #start}, with a reader that counts how often the front-end takes translations back. */
    static Middleman countingInvalidations(Path path, Path backend) {
        return start(
                path,
                backend,
                (request, payload) ->
                        request == IOTLB_MSG && payload.get(ValueLayout.JAVA_BYTE, IOTLB_TYPE_AT) == IOTLB_INVALIDATE);
    }

    /** How many messages the reader has counted. */
    int counted() {
        return counted.get();
    }

    private void run(Runnable work) {
        threads.add(Thread.ofPlatform().daemon().name("middleman").start(work));
    }

    private void serve() {
        if (!readable(listener)) {
            return;
        }
        try (UnixSocket front = listener.accept().orElseThrow();
                UnixSocket back = UnixSocket.open()) {
            back.connect(backend.toString());
            Thread answers =
                    Thread.ofPlatform().daemon().name("middleman, answers").start(() -> pass(back, front, false));
            threads.add(answers);
            pass(front, back, true);
            back.shutdown(UnixSocket.SHUT_RDWR);
            answers.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void pass(UnixSocket from, UnixSocket to, boolean fromFront) {
        try (Arena arena = Arena.ofConfined();
                FdBag fds = new FdBag()) {
            MemorySegment buffer = arena.allocate(BUFFER);
            while (receive(from, buffer, 0, HEADER, fds)) {
                int size = buffer.get(ValueLayout.JAVA_INT, SIZE_AT);
                if (!receive(from, buffer, HEADER, size, fds)) {
                    return;
                }
                if (fromFront) {
                    boolean count = reader.read(buffer.get(ValueLayout.JAVA_INT, 0), buffer.asSlice(HEADER, size));
                    counted.addAndGet(count ? 1 : 0);
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
