// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import io.vhost4j.ProtocolFeature;
import io.vhost4j.core.linux.FileCalls;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.linux.UnixSocket;
import io.vhost4j.core.protocol.ReceivedFd;
import java.lang.foreign.Arena;
import org.jspecify.annotations.Nullable;

/**
 * The requests about the state of the device in a migration. A network back-end has none beyond what the front-end knows: it saves nothing,
 * and what it loads must be nothing. Event thread only.
 */
final class DeviceState {
    private static final long SAVE = 0;
    private static final long LOAD = 1;
    private static final long PHASE_STOPPED = 0;
    /** In the reply: no descriptor comes with it, the front-end's is used. */
    static final long NO_DESCRIPTOR = 0x100;

    private final Negotiation agreed;
    private @Nullable OwnedFd loading;

    DeviceState(Negotiation agreed) {
        this.agreed = agreed;
    }

    /** Begins to save or load over the front-end's pipe. */
    Reply begin(long direction, long phase, ReceivedFd received, boolean ringsRun) {
        agreed.require(ProtocolFeature.DEVICE_STATE, "SET_DEVICE_STATE_FD");
        if (direction != SAVE && direction != LOAD || phase != PHASE_STOPPED) {
            throw new RequestRejectedException(
                    "SET_DEVICE_STATE_FD: direction=" + direction + ", phase=" + phase + ": must be 0 or 1, and 0");
        }
        if (ringsRun) {
            throw new RequestRejectedException("SET_DEVICE_STATE_FD: rings run: stop them by GET_VRING_BASE first");
        }
        close();
        OwnedFd fd = received.adopt();
        if (UnixSocket.isNamed(fd.fd())) {
            fd.close();
            throw new RequestRejectedException("SET_DEVICE_STATE_FD: the file descriptor is a socket with a name");
        }
        if (direction == SAVE) {
            // the end of the stream says that nothing is to be saved
            fd.close();
        } else {
            // owned before anything can fail
            loading = fd;
            FileCalls.setStatusFlags(fd.fd(), FileCalls.statusFlags(fd.fd()) | FileCalls.O_NONBLOCK);
        }
        return new Reply.U64(NO_DESCRIPTOR);
    }

    /** Whether all went well: 0 if it did. */
    Reply check() {
        agreed.require(ProtocolFeature.DEVICE_STATE, "CHECK_DEVICE_STATE");
        OwnedFd fd = loading;
        if (fd == null) {
            return new Reply.U64(0);
        }
        try (Arena arena = Arena.ofConfined()) {
            long got = FileCalls.read(fd.fd(), arena.allocate(1), 0, 1);
            return got == 0
                    ? new Reply.U64(0)
                    : new Reply.Failed(
                            "CHECK_DEVICE_STATE: a state came that this device does not have, or no end of it");
        } finally {
            close();
        }
    }

    /** File descriptors that are kept. */
    int heldFds() {
        return loading == null ? 0 : 1;
    }

    /** Closes what is open. */
    void close() {
        if (loading != null) {
            loading.close();
            loading = null;
        }
    }
}
