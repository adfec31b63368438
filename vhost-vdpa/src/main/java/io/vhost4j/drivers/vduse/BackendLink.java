// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.vduse;

import io.vhost4j.ProtocolFeature;
import io.vhost4j.VhostException;
import io.vhost4j.core.layout.VhostUserHeader;
import io.vhost4j.core.layout.VhostUserMemory;
import io.vhost4j.core.layout.VhostUserVring;
import io.vhost4j.core.linux.Errno;
import io.vhost4j.core.linux.FdBag;
import io.vhost4j.core.linux.Poll;
import io.vhost4j.core.linux.UnixSocket;
import io.vhost4j.core.protocol.RequestCode;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** A connection to a back-end, request by request; each is done when its method returns. One thread at a time. */
final class BackendLink implements AutoCloseable {
    private static final int TIMEOUT_MILLIS = 10_000;
    private static final int MAX_BYTES = 512;

    private final UnixSocket socket;
    private final MemorySegment message =
            Arena.ofAuto().allocate(VhostUserHeader.BYTES + MAX_BYTES + Integer.BYTES, Long.BYTES);
    private final MemorySegment payload = message.asSlice(VhostUserHeader.BYTES);
    private final long features;
    private boolean acknowledged;

    BackendLink(String path) {
        socket = UnixSocket.open();
        try {
            socket.connect(path);
            send(RequestCode.SET_OWNER, 0);
            features = ask(RequestCode.GET_FEATURES);
            long protocol = ask(RequestCode.GET_PROTOCOL_FEATURES) & ProtocolFeature.REPLY_ACK.mask();
            number(RequestCode.SET_PROTOCOL_FEATURES, protocol);
            acknowledged = protocol != 0;
        } catch (RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    /** The back-end's features. */
    long features() {
        return features;
    }

    int fd() {
        return socket.fd();
    }

    private void put(long offset, long value) {
        payload.set(ValueLayout.JAVA_LONG_UNALIGNED, offset, value);
    }

    /** A request whose payload is one number. */
    void number(RequestCode code, long value, int... fds) {
        put(0, value);
        send(code, Long.BYTES, fds);
    }

    /** A request about a ring with one number. */
    void ring(RequestCode code, int index, int value) {
        payload.set(ValueLayout.JAVA_INT_UNALIGNED, VhostUserVring.STATE_INDEX, index);
        payload.set(ValueLayout.JAVA_INT_UNALIGNED, VhostUserVring.STATE_NUM, value);
        send(code, VhostUserVring.STATE_BYTES);
    }

    void addresses(int index, long desc, long driver, long device) {
        payload.asSlice(0, VhostUserVring.ADDR_BYTES).fill((byte) 0);
        payload.set(ValueLayout.JAVA_INT_UNALIGNED, VhostUserVring.ADDR_INDEX, index);
        put(VhostUserVring.ADDR_DESC, desc);
        put(VhostUserVring.ADDR_USED, device);
        put(VhostUserVring.ADDR_AVAIL, driver);
        send(RequestCode.SET_VRING_ADDR, VhostUserVring.ADDR_BYTES);
    }

    /** Stops a ring; where it stands. */
    int stop(int index) {
        payload.set(ValueLayout.JAVA_INT_UNALIGNED, VhostUserVring.STATE_INDEX, index);
        payload.set(ValueLayout.JAVA_INT_UNALIGNED, VhostUserVring.STATE_NUM, 0);
        transmit(RequestCode.GET_VRING_BASE, VhostUserVring.STATE_BYTES, false);
        receive(RequestCode.GET_VRING_BASE, VhostUserVring.STATE_BYTES);
        return payload.get(ValueLayout.JAVA_INT_UNALIGNED, VhostUserVring.STATE_NUM);
    }

    /** Regions whose device addresses are the back-end's guest and user addresses. */
    void memory(List<VduseDevice.Region> regions) {
        payload.set(ValueLayout.JAVA_INT_UNALIGNED, VhostUserMemory.TABLE_COUNT, regions.size());
        payload.set(ValueLayout.JAVA_INT_UNALIGNED, Integer.BYTES, 0);
        int[] fds = new int[regions.size()];
        for (int i = 0; i < fds.length; i++) {
            VduseDevice.Region region = regions.get(i);
            long at = VhostUserMemory.TABLE_REGIONS + (long) i * VhostUserMemory.REGION_BYTES;
            put(at + VhostUserMemory.REGION_GPA, region.iova());
            put(at + VhostUserMemory.REGION_SIZE, region.bytes());
            put(at + VhostUserMemory.REGION_USER_ADDR, region.iova());
            put(at + VhostUserMemory.REGION_MMAP_OFFSET, region.fileOffset());
            fds[i] = region.file().fd();
        }
        send(RequestCode.SET_MEM_TABLE, VhostUserMemory.TABLE_REGIONS + fds.length * VhostUserMemory.REGION_BYTES, fds);
    }

    private long ask(RequestCode code) {
        transmit(code, 0, false);
        receive(code, Long.BYTES);
        return payload.get(ValueLayout.JAVA_LONG_UNALIGNED, 0);
    }

    private void send(RequestCode code, int bytes, int... fds) {
        transmit(code, bytes, acknowledged, fds);
        if (acknowledged) {
            receive(code, Long.BYTES);
            long result = payload.get(ValueLayout.JAVA_LONG_UNALIGNED, 0);
            if (result != 0) {
                throw new VhostException("the back-end refuses " + code);
            }
        }
    }

    private void transmit(RequestCode code, int bytes, boolean needReply, int... fds) {
        message.set(ValueLayout.JAVA_INT, VhostUserHeader.REQUEST, code.code());
        message.set(
                ValueLayout.JAVA_INT,
                VhostUserHeader.FLAGS,
                VhostUserHeader.VERSION | (needReply ? VhostUserHeader.NEED_REPLY : 0));
        message.set(ValueLayout.JAVA_INT, VhostUserHeader.SIZE, bytes);
        int all = VhostUserHeader.BYTES + bytes;
        long done = 0;
        while (done < all) {
            long sent = done == 0 ? socket.send(message, 0, all, fds) : socket.send(message, done, all - done);
            if (sent == Errno.WOULD_BLOCK) {
                await(Poll.OUT, code);
            } else {
                done += sent;
            }
        }
    }

    private void receive(RequestCode code, int bytes) {
        try (FdBag none = new FdBag()) {
            receiveBytes(VhostUserHeader.BYTES, code, message, none);
            int size = message.get(ValueLayout.JAVA_INT, VhostUserHeader.SIZE);
            if (message.get(ValueLayout.JAVA_INT, VhostUserHeader.REQUEST) != code.code() || size != bytes) {
                throw new VhostException("the back-end answers " + code + " with something else");
            }
            receiveBytes(size, code, payload, none);
        }
    }

    private void receiveBytes(int count, RequestCode code, MemorySegment into, FdBag bag) {
        long got = 0;
        while (got < count) {
            long some = socket.receive(into, got, count - got, bag);
            if (some == 0) {
                throw new VhostException("the back-end has ended the connection");
            }
            if (some == Errno.WOULD_BLOCK) {
                await(Poll.IN, code);
            } else {
                got += some;
            }
        }
    }

    private void await(int events, RequestCode code) {
        if (Poll.await(socket.fd(), events, TIMEOUT_MILLIS) == 0) {
            throw new VhostException("the back-end does not answer " + code + " within " + TIMEOUT_MILLIS + " ms");
        }
    }

    @Override
    public void close() {
        socket.close();
    }
}
