// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.server;

import io.vhost4j.core.linux.Epoll;
import io.vhost4j.core.linux.NativeException;
import io.vhost4j.core.linux.UnixSocket;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Listens, and accepts every front-end that connects. */
final class ListeningTransport implements Transport, EventHandler {
    private static final Logger LOG = LoggerFactory.getLogger(ListeningTransport.class);

    private static final int ACCEPTS_PER_TURN = 16;
    private static final long BACK_OFF_MILLIS = 200;

    private final VhostEvents events;
    private final String path;
    private final UnixSocket socket;
    private final SocketFile file;
    private final Consumer<UnixSocket> onConnect;
    private long token;
    private boolean listening;
    private boolean ended;

    private ListeningTransport(
            VhostEvents events, String path, UnixSocket socket, SocketFile file, Consumer<UnixSocket> onConnect) {
        this.events = events;
        this.path = path;
        this.socket = socket;
        this.file = file;
        this.onConnect = onConnect;
    }

    /** Makes the socket file; any thread. */
    static ListeningTransport open(
            VhostEvents events, String path, SocketFile.Access access, Consumer<UnixSocket> onConnect) {
        UnixSocket socket = UnixSocket.open();
        try {
            SocketFile file = SocketFile.listen(socket, path, access);
            return new ListeningTransport(events, path, socket, file, onConnect);
        } catch (RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    @Override
    public void begin() {
        if (!ended && !listening) {
            token = events.add(socket.fd(), Epoll.IN, this);
            listening = true;
        }
    }

    @Override
    public void ready(int happened) {
        try {
            for (int i = 0; i < ACCEPTS_PER_TURN && !ended; i++) {
                Optional<UnixSocket> accepted = socket.accept();
                if (accepted.isEmpty()) {
                    return;
                }
                onConnect.accept(accepted.get());
            }
        } catch (NativeException e) {
            LOG.warn(
                    "{}: cannot accept a connection, trying again in {} ms: {}", path, BACK_OFF_MILLIS, e.getMessage());
            pause();
        }
    }

    private void pause() {
        events.remove(socket.fd(), token);
        listening = false;
        events.schedule(BACK_OFF_MILLIS, this::begin);
    }

    @Override
    public void connectionEnded() {
        // others may connect at any time
    }

    @Override
    public void end() {
        ended = true;
        if (listening) {
            events.remove(socket.fd(), token);
        }
        file.remove();
        socket.close();
    }
}
