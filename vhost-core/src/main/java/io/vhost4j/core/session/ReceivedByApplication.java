// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import io.vhost4j.VhostMessage;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.protocol.MessageReader;
import io.vhost4j.core.protocol.ReceivedMessage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A message as the application sees it, for the time of one callback. */
final class ReceivedByApplication implements VhostMessage {
    private static final int MAX_FDS = 8;

    private final ReceivedMessage message;
    private Reply.@Nullable Raw reply;

    ReceivedByApplication(ReceivedMessage message) {
        this.message = message;
    }

    @Override
    public int request() {
        return message.request();
    }

    @Override
    public boolean needReply() {
        return message.needReply();
    }

    @Override
    public MemorySegment payload() {
        return message.payload().asReadOnly();
    }

    @Override
    public int fdCount() {
        return message.fdCount();
    }

    @Override
    public int takeFd(int index) {
        return message.fd(index).adopt().release();
    }

    @Override
    public void reply(MemorySegment payload, int... fds) {
        List<OwnedFd> owned = new ArrayList<>(fds.length);
        for (int fd : fds) {
            owned.add(OwnedFd.of(fd));
        }
        Reply.Raw next = new Reply.Raw(MemorySegment.NULL, owned);
        if (reply != null || fds.length > MAX_FDS || payload.byteSize() > MessageReader.MAX_PAYLOAD) {
            Reply.dispose(next);
            throw new IllegalArgumentException("reply with " + payload.byteSize() + " bytes and " + fds.length
                    + " file descriptors: there is one reply, with at most " + MessageReader.MAX_PAYLOAD + " bytes and "
                    + MAX_FDS + " file descriptors");
        }
        reply = new Reply.Raw(
                Arena.ofAuto()
                        .allocate(Math.max(1, payload.byteSize()), Long.BYTES)
                        .asSlice(0, payload.byteSize())
                        .copyFrom(payload),
                owned);
    }

    @Override
    public void replyU64(long value) {
        MemorySegment word = Arena.ofAuto().allocate(Long.BYTES, Long.BYTES);
        word.set(ValueLayout.JAVA_LONG, 0, value);
        reply(word);
    }

    /** Hands over the reply; null if there is none. */
    Reply.@Nullable Raw takeReply() {
        Reply.Raw taken = reply;
        reply = null;
        return taken;
    }
}
