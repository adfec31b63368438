// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.bench.crypto;

import io.vhost4j.core.layout.VhostUserHeader;
import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.linux.FdBag;
import io.vhost4j.core.linux.Mapping;
import io.vhost4j.core.linux.MemFd;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.linux.Poll;
import io.vhost4j.core.linux.UnixSocket;
import io.vhost4j.core.memory.HostWindow;
import io.vhost4j.core.protocol.RequestCode;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** One split ring of a crypto device and its memory, set up as back-ends need it that keep to the specification. */
final class LoadFrontEnd implements AutoCloseable {
    /** Descriptors. */
    static final int SIZE = 1024;

    static final int AVAIL = 0x8000;
    static final int USED = 0xC000;
    static final int TABLES = 0x1_0000;
    static final int DATA = 0x10_0000;

    private static final long MEMORY_BYTES = 64 << 20;
    /** Where it says that it sees the memory. */
    private static final long USER = 1L << 40;

    private static final int DESC_BYTES = 16;
    private static final long PROTOCOL_FEATURES = 1L << 30;
    private static final long INDIRECT = 1L << 28;
    private static final long VERSION_1 = 1L << 32;
    private static final long CRYPTO_SESSION = 1 << 7;
    private static final int SESSION_BYTES = 632;
    private static final int WAIT_MILLIS = 10_000;

    private final UnixSocket socket = UnixSocket.open();
    private final OwnedFd file = MemFd.create("guest", MEMORY_BYTES);
    private final Mapping memory =
            Mapping.map(file, 0, MEMORY_BYTES, Mapping.PROT_READ | Mapping.PROT_WRITE, Mapping.MAP_SHARED);
    private final EventFd kick = EventFd.create();
    private final EventFd call = EventFd.create();
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment message = arena.allocate(1024, 8);
    private long session;

    static LoadFrontEnd connect(String path) {
        LoadFrontEnd made = new LoadFrontEnd();
        made.socket.connect(path);
        made.setUp();
        return made;
    }

    /** Where this process sees a place in guest memory; the guest's addresses start at 0. */
    long host(int at) {
        return memory.address() + at;
    }

    long session() {
        return session;
    }

    /** Writes a descriptor of the table, or ring, at {@code table}. */
    void describe(int table, int slot, int at, int bytes, int flags) {
        long desc = host(table + slot * DESC_BYTES);
        HostWindow.setLong(desc, at);
        HostWindow.setInt(desc + 8, bytes);
        HostWindow.setInt(desc + 12, flags | slot + 1 << 16);
    }

    void offer(int idx, int head) {
        HostWindow.setShort(host(AVAIL + 4 + 2 * (idx % SIZE)), head);
    }

    private void setUp() {
        // the driver polls and wants no notification
        HostWindow.setShort(host(AVAIL), 1);
        send(RequestCode.SET_OWNER);
        long features = ask(RequestCode.GET_FEATURES) & (VERSION_1 | PROTOCOL_FEATURES | INDIRECT);
        send(RequestCode.SET_PROTOCOL_FEATURES, ask(RequestCode.GET_PROTOCOL_FEATURES) & CRYPTO_SESSION);
        send(RequestCode.SET_FEATURES, features);
        sendWith(RequestCode.SET_MEM_TABLE, file.fd(), 1, 0, MEMORY_BYTES, USER, 0);
        send(RequestCode.SET_VRING_NUM, (long) SIZE << 32);
        send(RequestCode.SET_VRING_BASE, 0);
        send(RequestCode.SET_VRING_ADDR, 0, USER, USER + USED, USER + AVAIL, 0);
        sendWith(RequestCode.SET_VRING_CALL, call.fd(), 0);
        sendWith(RequestCode.SET_VRING_KICK, kick.fd(), 0);
        send(RequestCode.SET_VRING_ENABLE, 1L << 32);
        kick.signal();
        session = openSession();
    }

    /** In the layout of DPDK 22.11. */
    private long openSession() {
        message.fill((byte) 0);
        int body = VhostUserHeader.BYTES;
        int[] numbers = {0, 0, 2, 3, 16, 0, 0, 0, 0, 1 | 1 << 8};
        for (int i = 0; i < numbers.length; i++) {
            message.set(ValueLayout.JAVA_INT, body + 4L * i, numbers[i]);
        }
        write(RequestCode.CREATE_CRYPTO_SESSION, SESSION_BYTES);
        read(SESSION_BYTES);
        long id = message.get(ValueLayout.JAVA_LONG_UNALIGNED, body);
        if (id < 0) {
            throw new IllegalStateException("session refused: " + id);
        }
        return id;
    }

    private void send(RequestCode code, long... words) {
        sendWith(code, -1, words);
    }

    private void sendWith(RequestCode code, int fd, long... words) {
        for (int i = 0; i < words.length; i++) {
            message.set(ValueLayout.JAVA_LONG_UNALIGNED, VhostUserHeader.BYTES + 8L * i, words[i]);
        }
        if (fd < 0) {
            write(code, 8 * words.length);
        } else {
            write(code, 8 * words.length, fd);
        }
    }

    private long ask(RequestCode code) {
        send(code);
        read(Long.BYTES);
        return message.get(ValueLayout.JAVA_LONG_UNALIGNED, VhostUserHeader.BYTES);
    }

    private void write(RequestCode code, int bytes, int... fds) {
        message.set(ValueLayout.JAVA_INT, 0, code.code());
        message.set(ValueLayout.JAVA_INT, 4, VhostUserHeader.VERSION);
        message.set(ValueLayout.JAVA_INT, 8, bytes);
        int all = VhostUserHeader.BYTES + bytes;
        if (socket.send(message, 0, all, fds) != all) {
            throw new IllegalStateException(code + ": not sent as a whole");
        }
    }

    private void read(int bytes) {
        int wanted = VhostUserHeader.BYTES + bytes;
        int at = 0;
        try (FdBag fds = new FdBag()) {
            while (at < wanted) {
                if (Poll.await(socket.fd(), Poll.IN, WAIT_MILLIS) == 0) {
                    throw new IllegalStateException("no answer within " + WAIT_MILLIS + " ms");
                }
                long got = socket.receive(message, at, wanted - at, fds);
                if (got <= 0) {
                    throw new IllegalStateException("the back-end has left");
                }
                at += (int) got;
            }
        }
    }

    @Override
    public void close() {
        socket.close();
        memory.close();
        file.close();
        kick.close();
        call.close();
        arena.close();
    }
}
