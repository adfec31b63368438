// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop.hostile;

import io.vhost4j.core.linux.Errno;
import io.vhost4j.core.linux.FdBag;
import io.vhost4j.core.linux.NativeException;
import io.vhost4j.core.linux.Poll;
import io.vhost4j.core.linux.UnixSocket;
import io.vhost4j.core.protocol.RequestCode;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A connection to a back-end that sends any bytes with any descriptors. The other side may vanish at any time. For one thread. */
final class Wire implements AutoCloseable {
    /** How long any answer may take; a back-end that needs longer hangs. */
    static final int ANSWER_MILLIS = 5_000;

    static final int VERSION = 1;
    static final int REPLY = 4;
    static final int NEED_REPLY = 8;
    static final int HEADER = 12;

    private final UnixSocket socket;
    private boolean ended;
    private boolean silent;

    /** What came back. */
    record Reply(int request, int flags, byte[] payload) {
        long u64() {
            return payload.length < Long.BYTES
                    ? -1
                    : ByteBuffer.wrap(payload).order(ByteOrder.nativeOrder()).getLong();
        }
    }

    private Wire(UnixSocket socket) {
        this.socket = socket;
    }

    /** Connects; a back-end whose queue is full gets some time. */
    static Wire connect(Path path) {
        UnixSocket socket = UnixSocket.open();
        long end = System.nanoTime() + ANSWER_MILLIS * 1_000_000L;
        int result = socket.tryConnect(path.toString());
        while (result == -Errno.EAGAIN && System.nanoTime() - end < 0) {
            Thread.onSpinWait();
            result = socket.tryConnect(path.toString());
        }
        Wire wire = new Wire(socket);
        wire.ended = result < 0;
        return wire;
    }

    int fd() {
        return socket.fd();
    }

    UnixSocket socket() {
        return socket;
    }

    /** Whether the other side has closed, or nothing more is to be expected from it. */
    boolean ended() {
        return ended;
    }

    /** Whether an answer did not come. */
    boolean silent() {
        return silent;
    }

    static byte[] header(int request, int flags, int size) {
        ByteBuffer bytes = ByteBuffer.allocate(HEADER).order(ByteOrder.nativeOrder());
        return bytes.putInt(request).putInt(flags).putInt(size).array();
    }

    static byte[] message(int request, int flags, byte[] payload) {
        return join(header(request, flags, payload.length), payload);
    }

    static byte[] join(byte[] first, byte[] second) {
        byte[] all = new byte[first.length + second.length];
        System.arraycopy(first, 0, all, 0, first.length);
        System.arraycopy(second, 0, all, first.length, second.length);
        return all;
    }

    boolean send(RequestCode code, byte[] payload, int... fds) {
        return send(message(code.code(), VERSION, payload), fds);
    }

    /** Sends bytes, waiting for room; false if the other side is gone or makes no room. */
    boolean send(byte[] bytes, int... fds) {
        int sent = 0;
        int[] with = fds;
        while (sent < bytes.length && !ended) {
            int count = trySend(bytes, sent, with);
            if (count == 0 && Poll.await(socket.fd(), Poll.OUT, ANSWER_MILLIS) == 0) {
                silent = true;
                return false;
            }
            sent += Math.max(0, count);
            with = count > 0 ? new int[0] : with;
        }
        return !ended;
    }

    /** Sends what there is room for; 0 if there is none. */
    int trySend(byte[] bytes, int from, int... fds) {
        if (ended) {
            return -1;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment data = arena.allocate(Math.max(1, bytes.length), 8);
            MemorySegment.copy(bytes, 0, data, ValueLayout.JAVA_BYTE, 0, bytes.length);
            long sent = socket.send(data, from, bytes.length - from, fds);
            return sent == Errno.WOULD_BLOCK ? 0 : (int) sent;
        } catch (NativeException e) {
            if (e.errno() != Errno.EPIPE && e.errno() != Errno.ECONNRESET) {
                throw e;
            }
            ended = true;
            return -1;
        }
    }

    /** The next reply, with its descriptors closed; null if the connection ended or nothing came. */
    @Nullable
    Reply receive() {
        byte[] header = receive(HEADER);
        if (header == null) {
            return null;
        }
        ByteBuffer fields = ByteBuffer.wrap(header).order(ByteOrder.nativeOrder());
        int size = Math.clamp(fields.getInt(8), 0, 65536);
        byte[] payload = size == 0 ? new byte[0] : receive(size);
        return payload == null ? null : new Reply(fields.getInt(0), fields.getInt(4), payload);
    }

    private byte @Nullable [] receive(int count) {
        byte[] result = new byte[count];
        int at = 0;
        try (Arena arena = Arena.ofConfined();
                FdBag fds = new FdBag()) {
            MemorySegment data = arena.allocate(count, 8);
            while (at < count) {
                if (Poll.await(socket.fd(), Poll.IN, ANSWER_MILLIS) == 0) {
                    silent = true;
                    return null;
                }
                long got = socket.receive(data, at, count - at, fds);
                if (got == 0) {
                    ended = true;
                    return null;
                }
                at += (int) Math.max(0, got);
            }
            MemorySegment.copy(data, ValueLayout.JAVA_BYTE, 0, result, 0, count);
            return result;
        } catch (NativeException e) {
            if (e.errno() != Errno.ECONNRESET) {
                throw e;
            }
            ended = true;
            return null;
        }
    }

    /** Whether the other side closes within a time; replies on the way are read and forgotten. */
    boolean endsWithin(int millis) {
        long end = System.nanoTime() + millis * 1_000_000L;
        while (!ended) {
            long left = (end - System.nanoTime()) / 1_000_000;
            if (left <= 0 || Poll.await(socket.fd(), Poll.IN, (int) left) == 0) {
                return false;
            }
            receiveSome();
        }
        return true;
    }

    private void receiveSome() {
        try (Arena arena = Arena.ofConfined();
                FdBag fds = new FdBag()) {
            ended = socket.receive(arena.allocate(4096, 8), 0, 4096, fds) == 0;
        } catch (NativeException e) {
            if (e.errno() != Errno.ECONNRESET) {
                throw e;
            }
            ended = true;
        }
    }

    @Override
    public void close() {
        socket.close();
    }
}
