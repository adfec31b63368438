// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vhost4j.core.layout.VhostUserHeader;
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

/** A front-end that a test plays: sends any bytes with any descriptors, reads replies. For one thread. */
public final class FakeFrontend implements AutoCloseable {
    private static final int TIMEOUT_MILLIS = 10_000;

    private final UnixSocket socket;
    private final Runnable afterSend;

    /** What came back. */
    public record Reply(int request, int flags, byte[] payload) {
        /** The payload as one number. */
        public long u64() {
            assertEquals(Long.BYTES, payload.length, "bytes of payload");
            return buffer().getLong();
        }

        /** 32 bits of the payload. */
        public int u32(int at) {
            return buffer().getInt(at);
        }

        private ByteBuffer buffer() {
            return ByteBuffer.wrap(payload).order(ByteOrder.nativeOrder());
        }
    }

    /** On a connected socket, which it closes at its end; {@code afterSend} lets the other side work. */
    public FakeFrontend(UnixSocket socket, Runnable afterSend) {
        this.socket = socket;
        this.afterSend = afterSend;
    }

    /** Connects to a back-end that listens. */
    public static FakeFrontend connect(String path) {
        UnixSocket socket = UnixSocket.open();
        try {
            socket.connect(path);
        } catch (NativeException e) {
            socket.close();
            throw e;
        }
        return new FakeFrontend(socket, () -> {});
    }

    /** The socket. */
    public UnixSocket socket() {
        return socket;
    }

    /** Sends a request. */
    public void send(RequestCode code, byte[] payload, int... fds) {
        sendRaw(header(code.code(), VhostUserHeader.VERSION, payload.length), payload, fds);
    }

    /** Sends a request that wants a reply, and returns the number in the reply. */
    public long sendForAck(RequestCode code, byte[] payload, int... fds) {
        sendRaw(
                header(code.code(), VhostUserHeader.VERSION | VhostUserHeader.NEED_REPLY, payload.length),
                payload,
                fds);
        Reply reply = receive();
        assertEquals(code.code(), reply.request(), "request of the reply");
        return reply.u64();
    }

    /** Sends a request with its own reply. */
    public Reply ask(RequestCode code, byte[] payload, int... fds) {
        send(code, payload, fds);
        Reply reply = receive();
        assertEquals(code.code(), reply.request(), "request of the reply");
        assertEquals(VhostUserHeader.VERSION | VhostUserHeader.REPLY, reply.flags(), "flags of the reply");
        return reply;
    }

    /** The bytes of a header. */
    public static byte[] header(int request, int flags, int size) {
        return new Payload().u32(request).u32(flags).u32(size).toBytes();
    }

    /** Sends a header and a payload as one message. */
    public void sendRaw(byte[] header, byte[] payload, int... fds) {
        byte[] all = new byte[header.length + payload.length];
        System.arraycopy(header, 0, all, 0, header.length);
        System.arraycopy(payload, 0, all, header.length, payload.length);
        sendBytes(all, 0, all.length, fds);
    }

    /** Sends some bytes. */
    public void sendBytes(byte[] bytes, int from, int count, int... fds) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment data = arena.allocate(Math.max(1, count), 8);
            for (int i = 0; i < count; i++) {
                data.set(ValueLayout.JAVA_BYTE, i, bytes[from + i]);
            }
            long sent = socket.send(data, 0, count, fds);
            while (sent == Errno.WOULD_BLOCK && Poll.await(socket.fd(), Poll.OUT, TIMEOUT_MILLIS) != 0) {
                sent = socket.send(data, 0, count, fds);
            }
            assertEquals(count, sent, "bytes sent");
        }
        afterSend.run();
    }

    /** Reads one reply. */
    public Reply receive() {
        try (FdBag fds = new FdBag()) {
            return receiveWith(fds);
        }
    }

    /** Reads one reply and the file descriptors that come with it, which {@code fds} gets. */
    public Reply receiveWith(FdBag fds) {
        byte[] header = receiveBytes(VhostUserHeader.BYTES, fds);
        ByteBuffer fields = ByteBuffer.wrap(header).order(ByteOrder.nativeOrder());
        return new Reply(fields.getInt(0), fields.getInt(4), receiveBytes(fields.getInt(8), fds));
    }

    /** Whether nothing has arrived. */
    public boolean nothingArrived() {
        return Poll.await(socket.fd(), Poll.IN, 0) == 0;
    }

    /** Waits until the other side has closed, and fails if it sends something instead. */
    public void awaitClosed() {
        byte[] some;
        try (FdBag fds = new FdBag()) {
            some = receiveSome(1, fds);
        }
        assertEquals(0, some.length, "bytes received where the connection should end");
    }

    private byte[] receiveBytes(int count, FdBag fds) {
        byte[] result = new byte[count];
        int at = 0;
        while (at < count) {
            byte[] some = receiveSome(count - at, fds);
            if (some.length == 0) {
                throw new AssertionError("the connection ended after " + at + " of " + count + " bytes");
            }
            System.arraycopy(some, 0, result, at, some.length);
            at += some.length;
        }
        return result;
    }

    private byte[] receiveSome(int limit, FdBag fds) {
        if (Poll.await(socket.fd(), Poll.IN, TIMEOUT_MILLIS) == 0) {
            throw new AssertionError("nothing arrived within " + TIMEOUT_MILLIS + " ms");
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment data = arena.allocate(limit, 8);
            long got = receiveOrEnd(data, limit, fds);
            byte[] result = new byte[(int) got];
            for (int i = 0; i < result.length; i++) {
                result[i] = data.get(ValueLayout.JAVA_BYTE, i);
            }
            return result;
        }
    }

    private long receiveOrEnd(MemorySegment data, int limit, FdBag fds) {
        try {
            return socket.receive(data, 0, limit, fds);
        } catch (NativeException e) {
            if (e.errno() == Errno.ECONNRESET) {
                return 0; // closed with something of ours unread
            }
            throw e;
        }
    }

    @Override
    public void close() {
        socket.close();
        afterSend.run();
    }
}
