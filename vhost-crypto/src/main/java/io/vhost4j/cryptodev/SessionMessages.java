// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev;

import io.vhost4j.ExternMessageOps;
import io.vhost4j.MessageResult;
import io.vhost4j.VhostDevice;
import io.vhost4j.VhostMessage;
import io.vhost4j.crypto.CryptoException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The front-end's messages about sessions. Event thread only. */
final class SessionMessages implements ExternMessageOps {
    private static final Logger LOG = LoggerFactory.getLogger(SessionMessages.class);

    private static final int CREATE = 26;
    private static final int CLOSE = 27;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final SessionTable sessions;

    SessionMessages(SessionTable sessions) {
        this.sessions = sessions;
    }

    @Override
    public MessageResult preMsgHandle(VhostDevice device, VhostMessage message) {
        return switch (message.request()) {
            case CREATE -> create(device, message);
            case CLOSE -> close(message);
            default -> MessageResult.NOT_HANDLED;
        };
    }

    private MessageResult create(VhostDevice device, VhostMessage message) {
        MemorySegment payload = message.payload();
        if (!SessionMessage.isKnownSize(payload.byteSize())) {
            LOG.debug("{}: CREATE_CRYPTO_SESSION with {} bytes: no known layout", device, payload.byteSize());
            return MessageResult.ERR;
        }
        byte[] bytes = new byte[(int) payload.byteSize()];
        MemorySegment.copy(payload, ValueLayout.JAVA_BYTE, 0, bytes, 0, bytes.length);
        try {
            SessionMessage decoded = new SessionMessage(bytes);
            decoded.answer(open(device, decoded));
            try (Arena arena = Arena.ofConfined()) {
                message.reply(arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes));
            }
            return MessageResult.REPLY;
        } finally {
            Arrays.fill(bytes, (byte) 0);
        }
    }

    /** The id, or the negative of what the guest is told. */
    private long open(VhostDevice device, SessionMessage message) {
        try {
            return sessions.open(message.parameters());
        } catch (CryptoException e) {
            LOG.debug("{}: session refused: {}", device, e.getMessage());
            return -e.status().code();
        }
    }

    private MessageResult close(VhostMessage message) {
        if (message.payload().byteSize() != Long.BYTES) {
            return MessageResult.ERR;
        }
        // a guest can have its front-end ask for anything: what does not exist is no reason to end the connection
        boolean known = sessions.close(message.payload().get(LONG, 0));
        return known || !message.needReply() ? MessageResult.OK : MessageResult.ERR;
    }
}
