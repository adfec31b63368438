// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.virtiouser;

import io.vhost4j.VhostException;
import io.vhost4j.core.linux.Epoll;
import io.vhost4j.core.linux.Errno;
import io.vhost4j.core.linux.FileCalls;
import io.vhost4j.core.linux.NativeException;
import io.vhost4j.core.linux.UnixSocket;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a device connected: makes the first connection in the caller's thread, then watches it in a thread of its own, and makes
 * others if it ends.
 */
final class LinkKeeper {
    private static final Logger LOG = LoggerFactory.getLogger(LinkKeeper.class);
    private static final int RETRY_MILLIS = 100;
    private static final int BACKLOG = 4;
    // linux/stat.h: S_IFMT, S_IFSOCK
    private static final int TYPE_MASK = 0xf000;
    private static final int TYPE_SOCKET = 0xc000;
    private static final long CONNECTION = 1;
    private static final long LISTENER = 2;
    private static final long NO_DEADLINE = Long.MAX_VALUE;

    private final Endpoint endpoint;
    private final Device device;
    private final Epoll events;
    private final Thread thread;
    private @Nullable UnixSocket listener;
    private @Nullable FrontendConnection connection;
    private @Nullable DeviceSetup setup;
    private volatile boolean closing;

    LinkKeeper(Endpoint endpoint, Device device) {
        this.endpoint = endpoint;
        this.device = device;
        events = Epoll.create(2);
        thread = Thread.ofPlatform()
                .daemon()
                .name("virtio-user " + endpoint.path())
                .unstarted(this::run);
    }

    /**
     * Makes the first connection.
     *
     * @throws VhostException if there is none in time, or the back-end cannot be used
     */
    void start() {
        try {
            if (endpoint.server()) {
                listener = listen(endpoint.path());
            }
            long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(endpoint.timeoutMillis());
            UnixSocket socket = obtain(deadline);
            if (socket == null) {
                throw new VhostException("socket " + endpoint.path() + ": interrupted");
            }
            bringUp(socket);
        } catch (RuntimeException e) {
            closeSockets();
            throw e;
        }
        thread.start();
    }

    private static UnixSocket listen(String path) {
        UnixSocket socket = UnixSocket.open();
        try {
            bind(socket, path);
            socket.listen(BACKLOG);
            return socket;
        } catch (RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    private static void bind(UnixSocket socket, String path) {
        try {
            socket.bind(path);
        } catch (NativeException e) {
            if (e.errno() != Errno.EADDRINUSE || !isStale(path)) {
                throw new VhostException(
                        "socket " + path + ": cannot listen: " + e.getMessage()
                                + (e.errno() == Errno.EADDRINUSE
                                        ? "; another program uses it, or it is no socket"
                                        : ""),
                        e);
            }
            FileCalls.unlink(path);
            socket.bind(path);
        }
    }

    /** Whether the path is a socket that nobody listens at. */
    private static boolean isStale(String path) {
        try {
            int mode = (int) Files.getAttribute(Path.of(path), "unix:mode", LinkOption.NOFOLLOW_LINKS);
            if ((mode & TYPE_MASK) != TYPE_SOCKET) {
                return false;
            }
        } catch (NoSuchFileException e) {
            return false;
        } catch (IOException e) {
            throw new UncheckedIOException("socket " + path + ": cannot look at the file that is there", e);
        }
        try (UnixSocket probe = UnixSocket.open()) {
            return probe.tryConnect(path) == -Errno.ECONNREFUSED;
        }
    }

    private void bringUp(UnixSocket socket) {
        FrontendConnection made = new FrontendConnection(socket, endpoint.path(), endpoint.timeoutMillis());
        try {
            setup = device.start(made);
            events.add(made.fd(), Epoll.IN | Epoll.RDHUP, CONNECTION);
            connection = made;
        } catch (RuntimeException e) {
            device.pause();
            made.close();
            throw e;
        }
    }

    /** Waits for a connection. Returns null if this is being closed. */
    private @Nullable UnixSocket obtain(long deadline) {
        UnixSocket waiting = listener;
        return waiting != null ? accept(waiting, deadline) : connect(deadline);
    }

    private @Nullable UnixSocket accept(UnixSocket waiting, long deadline) {
        events.add(waiting.fd(), Epoll.IN, LISTENER);
        try {
            while (!closing) {
                Optional<UnixSocket> socket = waiting.accept();
                if (socket.isPresent()) {
                    return socket.get();
                }
                int left = millisTo(deadline);
                if (left == 0) {
                    throw new VhostException("socket " + endpoint.path() + ": no back-end connected within "
                            + endpoint.timeoutMillis() + " ms: start one in client mode");
                }
                events.await(left);
            }
            return null;
        } finally {
            events.remove(waiting.fd());
        }
    }

    private @Nullable UnixSocket connect(long deadline) {
        while (!closing) {
            UnixSocket socket = UnixSocket.open();
            int result = socket.tryConnect(endpoint.path());
            if (result == 0) {
                return socket;
            }
            socket.close();
            boolean mayCome = result == -Errno.ENOENT || result == -Errno.ECONNREFUSED || result == -Errno.EAGAIN;
            int left = millisTo(deadline);
            if (!mayCome || left == 0) {
                throw new VhostException("socket " + endpoint.path() + ": cannot connect: " + Errno.name(-result) + " ("
                        + Errno.text(-result) + "): start a back-end in server mode");
            }
            events.await(Math.min(left, RETRY_MILLIS));
        }
        return null;
    }

    private static int millisTo(long deadline) {
        if (deadline == NO_DEADLINE) {
            return Integer.MAX_VALUE;
        }
        long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
        return Math.clamp(left, 0, Integer.MAX_VALUE);
    }

    private void run() {
        while (!closing) {
            // whatever comes unasked, the end of the stream included, ends the connection
            if (connection != null && events.await(-1) > 0) {
                LOG.info("socket {}: the back-end disconnected", endpoint.path());
                device.pause();
                closeConnection();
            }
            if (connection == null) {
                if (!endpoint.reconnect()) {
                    return;
                }
                reconnect();
            }
        }
    }

    private void reconnect() {
        try {
            UnixSocket socket = obtain(NO_DEADLINE);
            if (socket != null) {
                bringUp(socket);
                LOG.info(
                        "socket {}: the back-end is connected again; the rings {}",
                        endpoint.path(),
                        device.keptRings() ? "go on with what is in flight" : "start anew");
            }
        } catch (VhostException | NativeException e) {
            LOG.warn("socket {}: reconnecting failed, trying again: {}", endpoint.path(), e.getMessage());
            if (!closing) {
                events.await(RETRY_MILLIS);
            }
        }
    }

    private void closeConnection() {
        FrontendConnection ended = connection;
        if (ended != null) {
            connection = null;
            try {
                events.remove(ended.fd());
            } catch (NativeException e) {
                // closing it removes it too
                LOG.debug("socket {}: while it was to be watched no more", endpoint.path(), e);
            }
            ended.close();
        }
    }

    /** Stops the rings, ends the connection and the thread. */
    void close() {
        closing = true;
        events.wakeup();
        joinThread();
        boolean wasRunning = device.running();
        device.pause();
        DeviceSetup running = setup;
        if (wasRunning && connection != null && running != null) {
            try {
                running.stopRings();
            } catch (VhostException e) {
                LOG.debug("socket {}: the back-end went away before its rings were stopped", endpoint.path(), e);
            }
        }
        closeSockets();
    }

    private void joinThread() {
        boolean interrupted = false;
        while (true) {
            try {
                thread.join();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void closeSockets() {
        closeConnection();
        UnixSocket waiting = listener;
        if (waiting != null) {
            listener = null;
            waiting.close();
            if (!endpoint.path().startsWith("@")) {
                FileCalls.unlink(endpoint.path());
            }
        }
        events.close();
    }
}
