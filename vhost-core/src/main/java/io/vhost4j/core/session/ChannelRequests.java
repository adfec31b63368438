// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import io.vhost4j.BackendRequests;
import io.vhost4j.ProtocolFeature;
import io.vhost4j.SharedMemoryArea;
import io.vhost4j.VhostException;
import io.vhost4j.core.layout.VhostUserShmem;
import io.vhost4j.core.layout.VhostUserVring;
import io.vhost4j.core.linux.FileCalls;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.protocol.BackendCode;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** The application's requests to the front-end: carried to the event thread, and their outcome back. Any thread. */
final class ChannelRequests implements BackendRequests {
    private static final ValueLayout.OfLong BIG_ENDIAN = ValueLayout.JAVA_LONG.withOrder(ByteOrder.BIG_ENDIAN);
    private static final long WRITABLE = 1;

    private final VhostSession session;
    private final EventLoop loop;

    ChannelRequests(VhostSession session, EventLoop loop) {
        this.session = session;
        this.loop = loop;
    }

    @Override
    public boolean available() {
        return session.isOpen() && session.backendChannel().isOpen();
    }

    @Override
    public CompletableFuture<Void> configChange() {
        return request(BackendCode.CONFIG_CHANGE, null, MemorySegment.NULL, -1);
    }

    @Override
    public CompletableFuture<Void> vringHostNotifier(int queueId, int fd, long size, long offset) {
        if (queueId < 0 || queueId > VhostUserVring.FD_INDEX_MASK || size < 0 || offset < 0) {
            throw new IllegalArgumentException(
                    "queueId=" + queueId + ", size=" + size + ", offset=" + offset + ": out of range");
        }
        MemorySegment area = Arena.ofAuto().allocate(VhostUserShmem.AREA_BYTES, Long.BYTES);
        area.set(ValueLayout.JAVA_LONG, 0, fd < 0 ? queueId | VhostUserVring.FD_NONE : queueId);
        area.set(ValueLayout.JAVA_LONG, VhostUserShmem.AREA_SIZE, size);
        area.set(ValueLayout.JAVA_LONG, VhostUserShmem.AREA_OFFSET, offset);
        return request(BackendCode.VRING_HOST_NOTIFIER, ProtocolFeature.HOST_NOTIFIER, area, fd);
    }

    @Override
    public CompletableFuture<Void> sharedObjectAdd(UUID uuid) {
        return request(BackendCode.SHARED_OBJECT_ADD, ProtocolFeature.SHARED_OBJECT, name(uuid), -1);
    }

    @Override
    public CompletableFuture<Void> sharedObjectRemove(UUID uuid) {
        return request(BackendCode.SHARED_OBJECT_REMOVE, ProtocolFeature.SHARED_OBJECT, name(uuid), -1);
    }

    @Override
    public CompletableFuture<Integer> sharedObjectLookup(UUID uuid) {
        CompletableFuture<Integer> result = new CompletableFuture<>();
        send(BackendCode.SHARED_OBJECT_LOOKUP, ProtocolFeature.SHARED_OBJECT, name(uuid), -1, new Outcome<>(result) {
            @Override
            public void done(@Nullable OwnedFd fd) {
                if (fd == null) {
                    failed("SHARED_OBJECT_LOOKUP: the front-end knows no object " + uuid);
                } else {
                    int number = fd.release();
                    if (!result.complete(number)) {
                        OwnedFd.of(number).close();
                    }
                }
            }
        });
        return result;
    }

    @Override
    public CompletableFuture<Void> shmemMap(SharedMemoryArea area, int fd) {
        return request(BackendCode.SHMEM_MAP, ProtocolFeature.SHMEM, map(area), fd);
    }

    @Override
    public CompletableFuture<Void> shmemUnmap(SharedMemoryArea area) {
        return request(BackendCode.SHMEM_UNMAP, ProtocolFeature.SHMEM, map(area), -1);
    }

    private static MemorySegment name(UUID uuid) {
        MemorySegment bytes = Arena.ofAuto().allocate(VhostUserShmem.UUID_BYTES, Long.BYTES);
        bytes.set(BIG_ENDIAN, 0, uuid.getMostSignificantBits());
        bytes.set(BIG_ENDIAN, Long.BYTES, uuid.getLeastSignificantBits());
        return bytes;
    }

    private static MemorySegment map(SharedMemoryArea area) {
        MemorySegment bytes = Arena.ofAuto().allocate(VhostUserShmem.MAP_BYTES, Long.BYTES);
        bytes.set(ValueLayout.JAVA_BYTE, VhostUserShmem.MAP_REGION, (byte) area.shmId());
        bytes.set(ValueLayout.JAVA_LONG, VhostUserShmem.MAP_FILE_OFFSET, area.fdOffset());
        bytes.set(ValueLayout.JAVA_LONG, VhostUserShmem.MAP_REGION_OFFSET, area.shmOffset());
        bytes.set(ValueLayout.JAVA_LONG, VhostUserShmem.MAP_LENGTH, area.length());
        bytes.set(ValueLayout.JAVA_LONG, VhostUserShmem.MAP_FLAGS, area.writable() ? WRITABLE : 0);
        return bytes;
    }

    /** Completes a future. */
    private abstract static class Outcome<T> implements BackendChannel.Outcome {
        private final CompletableFuture<T> result;

        Outcome(CompletableFuture<T> result) {
            this.result = result;
        }

        @Override
        public void failed(String reason) {
            result.completeExceptionally(new VhostException(reason));
        }
    }

    private CompletableFuture<Void> request(
            BackendCode code, @Nullable ProtocolFeature needed, MemorySegment payload, int fd) {
        CompletableFuture<Void> result = new CompletableFuture<>();
        send(code, needed, payload, fd, new Outcome<>(result) {
            @Override
            public void done(@Nullable OwnedFd unexpected) {
                if (unexpected != null) {
                    unexpected.close();
                }
                result.complete(null);
            }
        });
        return result;
    }

    private void send(
            BackendCode code,
            @Nullable ProtocolFeature needed,
            MemorySegment payload,
            int fd,
            BackendChannel.Outcome outcome) {
        if (!session.isOpen()) {
            outcome.failed(code + ": the session has ended");
            return;
        }
        long negotiated = session.agreed().protocolFeatures();
        if (needed != null && !needed.in(negotiated)) {
            outcome.failed(code + ": protocol feature " + needed + " was not negotiated");
            return;
        }
        if (fd >= 0 && !ProtocolFeature.BACKEND_SEND_FD.in(negotiated)) {
            outcome.failed(code + ": protocol feature " + ProtocolFeature.BACKEND_SEND_FD
                    + " was not negotiated, a file descriptor cannot be sent");
            return;
        }
        List<OwnedFd> copies = fd < 0 ? List.of() : List.of(FileCalls.dup(fd));
        loop.execute(() -> {
            try {
                boolean answers = code == BackendCode.SHARED_OBJECT_LOOKUP;
                session.backendChannel().ask(code, answers, payload, copies, outcome);
            } finally {
                copies.forEach(OwnedFd::close);
            }
        });
    }
}
