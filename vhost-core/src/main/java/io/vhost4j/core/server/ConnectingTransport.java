// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.server;

import io.vhost4j.ConfigurationException;
import io.vhost4j.core.linux.Errno;
import io.vhost4j.core.linux.NativeException;
import io.vhost4j.core.linux.UnixSocket;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Connects to a front-end that listens, and again when the connection has ended. */
final class ConnectingTransport implements Transport {
    private static final Logger LOG = LoggerFactory.getLogger(ConnectingTransport.class);

    /** Milliseconds between two attempts. */
    static final long RETRY_MILLIS = 1000;

    private final VhostEvents events;
    private final String path;
    private final boolean reconnect;
    private final Consumer<UnixSocket> onConnect;
    private @Nullable UnixSocket connected;
    private int lastError;
    private boolean ended;

    private ConnectingTransport(VhostEvents events, String path, boolean reconnect, Consumer<UnixSocket> onConnect) {
        this.events = events;
        this.path = path;
        this.reconnect = reconnect;
        this.onConnect = onConnect;
    }

    /**
     * Any thread.
     *
     * @param atOnce whether to try before returning
     * @throws ConfigurationException if it was tried in vain and there will be no other attempt
     */
    static ConnectingTransport open(
            VhostEvents events, String path, boolean reconnect, boolean atOnce, Consumer<UnixSocket> onConnect) {
        ConnectingTransport transport = new ConnectingTransport(events, path, reconnect, onConnect);
        if (atOnce) {
            transport.connected = transport.tryConnect();
            if (transport.connected == null && !reconnect) {
                throw new ConfigurationException("cannot connect to " + path + ": " + reason(transport.lastError));
            }
        }
        return transport;
    }

    @Override
    public void begin() {
        UnixSocket first = connected;
        connected = null;
        if (first != null) {
            if (ended) {
                first.close();
            } else {
                onConnect.accept(first);
            }
        } else {
            attempt();
        }
    }

    @Override
    public void connectionEnded() {
        if (reconnect && !ended) {
            events.schedule(RETRY_MILLIS, this::attempt);
        }
    }

    @Override
    public void end() {
        ended = true;
        UnixSocket unused = connected;
        if (unused != null) {
            connected = null;
            unused.close();
        }
    }

    private void attempt() {
        if (ended) {
            return;
        }
        UnixSocket socket = tryConnect();
        if (socket != null) {
            onConnect.accept(socket);
        } else if (reconnect) {
            events.schedule(RETRY_MILLIS, this::attempt);
        }
    }

    private @Nullable UnixSocket tryConnect() {
        UnixSocket socket;
        try {
            socket = UnixSocket.open();
        } catch (NativeException e) {
            failed(e.errno());
            return null;
        }
        int result = socket.tryConnect(path);
        if (result == 0) {
            lastError = 0;
            return socket;
        }
        socket.close();
        failed(-result);
        return null;
    }

    private void failed(int errno) {
        if (lastError != errno) {
            lastError = errno;
            LOG.info("{}: not connected: {}{}", path, reason(errno), reconnect ? "; trying on" : "");
        }
    }

    private static String reason(int errno) {
        return switch (errno) {
            case Errno.ENOENT -> "there is no such socket: start the front-end first";
            case Errno.ECONNREFUSED -> "nobody listens there: start the front-end first";
            case Errno.EACCES, Errno.EPERM -> "no permission to use the socket";
            default -> Errno.name(errno) + " (" + Errno.text(errno) + ")";
        };
    }
}
