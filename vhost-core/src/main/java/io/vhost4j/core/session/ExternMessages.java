// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import io.vhost4j.ExternMessageOps;
import io.vhost4j.MessageResult;
import io.vhost4j.VhostDevice;
import io.vhost4j.core.protocol.ReceivedMessage;
import io.vhost4j.core.protocol.RequestCode;
import org.jspecify.annotations.Nullable;

/** Shows messages to the application before and after the library. Event thread only, but for {@link #register}. */
final class ExternMessages {
    private final VhostDevice device;
    private volatile @Nullable ExternMessageOps ops;

    ExternMessages(VhostDevice device) {
        this.device = device;
    }

    /** Takes the application's handlers, in place of those before. Any thread. */
    void register(@Nullable ExternMessageOps newOps) {
        ops = newOps;
    }

    /**
     * Before the library.
     *
     * @return how the message is answered, or null if it is left to the library
     * @throws RequestRejectedException if the application cannot do it
     */
    @Nullable
    Reply before(ReceivedMessage message) {
        ExternMessageOps handlers = ops;
        return handlers == null ? null : show(message, "preMsgHandle", handlers::preMsgHandle);
    }

    /** After the library, as {@link #before}. */
    @Nullable
    Reply after(ReceivedMessage message) {
        ExternMessageOps handlers = ops;
        return handlers == null ? null : show(message, "postMsgHandle", handlers::postMsgHandle);
    }

    /** One of the application's handlers. */
    @FunctionalInterface
    private interface Handler {
        MessageResult handle(VhostDevice device, io.vhost4j.VhostMessage message);
    }

    private @Nullable Reply show(ReceivedMessage message, String name, Handler handler) {
        ReceivedByApplication shown = new ReceivedByApplication(message);
        MessageResult result;
        try {
            result = handler.handle(device, shown);
        } catch (Throwable t) {
            dispose(shown);
            throw new CallbackFailedException(name, t);
        }
        if (result == MessageResult.REPLY) {
            Reply reply = shown.takeReply();
            if (reply == null) {
                throw new CallbackFailedException(name, new IllegalStateException("REPLY, but reply was not called"));
            }
            return reply;
        }
        dispose(shown);
        return switch (result) {
            case OK -> Reply.ACK;
            case ERR -> throw new RequestRejectedException(label(message) + ": the application cannot do it");
            default -> null;
        };
    }

    private static void dispose(ReceivedByApplication shown) {
        Reply.Raw unused = shown.takeReply();
        if (unused != null) {
            Reply.dispose(unused);
        }
    }

    private static String label(ReceivedMessage message) {
        RequestCode code = RequestCode.of(message.request());
        return code == null ? "request " + Integer.toUnsignedString(message.request()) : code.name();
    }
}
