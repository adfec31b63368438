// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.server;

import io.vhost4j.core.linux.Epoll;
import io.vhost4j.core.linux.NativeException;
import io.vhost4j.core.linux.UnixSocket;
import io.vhost4j.core.session.DeviceRegistry;
import io.vhost4j.core.session.SessionConfig;
import io.vhost4j.core.session.VhostSession;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Joins a session to the event thread, and limits the time that a message may take to arrive. Event thread only. */
final class Connection implements EventHandler {
    private final VhostEvents events;
    private final UnixSocket socket;
    private final long messageMillis;
    private final VhostSession session;
    private final Consumer<Connection> onEnd;
    private long token;
    private boolean awaitsWrite;
    private VhostEvents.@Nullable Timer messageTimer;
    private long messageOfTimer;

    private Connection(
            VhostEvents events,
            UnixSocket socket,
            SessionConfig config,
            long messageMillis,
            Consumer<Connection> onEnd) {
        this.events = events;
        this.socket = socket;
        this.messageMillis = messageMillis;
        this.onEnd = onEnd;
        session = new VhostSession(socket, config, events, DeviceRegistry.GLOBAL, this::ended);
    }

    /**
     * Makes a connection.
     *
     * @param socket connected; owned by the connection
     * @param messageMillis how long a message may take from its first byte to its last
     * @param onEnd is told when it has ended, whoever ended it
     */
    static Connection of(
            VhostEvents events,
            UnixSocket socket,
            SessionConfig config,
            long messageMillis,
            Consumer<Connection> onEnd) {
        return new Connection(events, socket, config, messageMillis, onEnd);
    }

    /** Tells the application, and begins to read. */
    void open() {
        token = events.add(socket.fd(), Epoll.IN, this);
        session.start();
    }

    /** Whether the front-end has begun to negotiate. */
    boolean established() {
        return session.established();
    }

    /** Ends the session because of a limit. */
    void endAtLimit(String reason) {
        session.endAtLimit(reason);
    }

    /** The socket's vDPA device is another. */
    void vdpaChanged() {
        session.vdpaChanged();
    }

    /** Ends the session. */
    void end(String reason) {
        session.end(reason);
    }

    @Override
    public void ready(int happened) {
        if ((happened & Epoll.OUT) != 0) {
            session.writable();
        }
        if ((happened & ~Epoll.OUT) != 0) {
            session.readable();
        }
        if (session.isOpen()) {
            try {
                awaitWhatIsDue();
            } catch (NativeException e) {
                session.end("it cannot be served: " + e.getMessage());
            }
        }
    }

    private void awaitWhatIsDue() {
        boolean wantsWrite = session.wantsWrite();
        if (wantsWrite != awaitsWrite) {
            awaitsWrite = wantsWrite;
            events.modify(socket.fd(), wantsWrite ? Epoll.IN | Epoll.OUT : Epoll.IN, token);
        }
        if (session.midMessage() && messageTimer == null) {
            messageOfTimer = session.messages();
            messageTimer = events.schedule(messageMillis, this::checkMessage);
        }
    }

    private void checkMessage() {
        messageTimer = null;
        if (!session.midMessage()) {
            return;
        }
        if (session.messages() == messageOfTimer) {
            session.endAtLimit("a message was not complete after " + messageMillis + " ms");
        } else {
            awaitWhatIsDue();
        }
    }

    private void ended() {
        if (messageTimer != null) {
            messageTimer.cancel();
        }
        events.remove(socket.fd(), token);
        onEnd.accept(this);
    }
}
