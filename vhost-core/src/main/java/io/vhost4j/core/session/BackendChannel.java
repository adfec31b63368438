// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import io.vhost4j.ProtocolFeature;
import io.vhost4j.VhostException;
import io.vhost4j.core.layout.VhostUserIotlb;
import io.vhost4j.core.linux.FileStatus;
import io.vhost4j.core.linux.NativeException;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.linux.UnixSocket;
import io.vhost4j.core.protocol.MessageWriter;
import io.vhost4j.core.protocol.ReceivedFd;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The channel for requests of the back-end. Nothing sent on it waits for an answer, so it cannot deadlock with the main
 * channel. Event thread only, but for {@link #isOpen}.
 */
final class BackendChannel {
    private static final Logger LOG = LoggerFactory.getLogger(BackendChannel.class);
    private static final int IOTLB_MSG = 1;
    private static final int CONFIG_CHANGE = 2;
    private static final int VRING_CALL = 4;

    private final String name;
    private final Negotiation agreed;
    private volatile @Nullable UnixSocket socket;
    private @Nullable MessageWriter writer;

    BackendChannel(String name, Negotiation agreed) {
        this.name = name;
        this.agreed = agreed;
    }

    /** Takes the socket, in place of the one before. */
    Reply open(ReceivedFd fd) {
        agreed.require(ProtocolFeature.BACKEND_REQ, "SET_BACKEND_REQ_FD");
        OwnedFd adopted = fd.adopt();
        if (!FileStatus.of(adopted.fd()).isSocket()) {
            adopted.close();
            throw new RequestRejectedException("SET_BACKEND_REQ_FD: the file descriptor is not a socket");
        }
        if (UnixSocket.isNamed(adopted.fd())) {
            adopted.close();
            throw new RequestRejectedException(
                    "SET_BACKEND_REQ_FD: the socket has a name or its peer has: one of a pair is needed");
        }
        close();
        UnixSocket next = UnixSocket.of(adopted);
        writer = new MessageWriter(next);
        socket = next;
        return Reply.ACK;
    }

    /** Whether the front-end gave a channel. Any thread. */
    boolean isOpen() {
        return socket != null;
    }

    /** Tells that the configuration space changed. */
    void configChanged() {
        send(to -> to.request(CONFIG_CHANGE));
    }

    /** Asks for the translation of an address. */
    void iotlbMiss(long iova, int permission) {
        send(to -> to.requestIotlb(IOTLB_MSG, iova, permission, VhostUserIotlb.TYPE_MISS));
    }

    /** Notifies the guest, where notifications are messages. */
    void vringCall(int queue) {
        send(to -> to.requestState(VRING_CALL, queue));
    }

    private void send(Consumer<MessageWriter> message) {
        MessageWriter to = writer;
        if (to == null) {
            return;
        }
        try {
            to.flush();
            message.accept(to);
        } catch (VhostException | NativeException e) {
            LOG.warn("{}: the channel for requests of the back-end is closed: {}", name, e.getMessage());
            close();
        }
    }

    void close() {
        UnixSocket open = socket;
        MessageWriter to = writer;
        socket = null;
        writer = null;
        if (to != null) {
            to.close();
        }
        if (open != null) {
            open.close();
        }
    }
}
