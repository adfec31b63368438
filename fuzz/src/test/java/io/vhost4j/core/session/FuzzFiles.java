// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.linux.FileCalls;
import io.vhost4j.core.linux.MemFd;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.linux.UnixSocket;
import io.vhost4j.core.testkit.FrontendMemory;
import io.vhost4j.fuzz.Input;
import org.jspecify.annotations.Nullable;

/** Descriptors of all kinds that a front-end may send. */
final class FuzzFiles implements AutoCloseable {
    private final FrontendMemory guest;
    private final EventFd event = EventFd.create();
    private final UnixSocket.Pair sockets = UnixSocket.pair();
    private final UnixSocket unconnected = UnixSocket.open();
    private final OwnedFd small = MemFd.create("fuzz-small", 0x1000);
    private final OwnedFd nothing = FileCalls.open("/dev/null", FileCalls.O_RDWR, 0);
    private final OwnedFd readOnly = FileCalls.open("/proc/self/cmdline", FileCalls.O_RDONLY, 0);
    private @Nullable OwnedFd received;

    FuzzFiles(FrontendMemory guest) {
        this.guest = guest;
    }

    int event() {
        return event.fd();
    }

    int memory() {
        return guest.fd();
    }

    /** What the back-end sent last, or a small file. */
    int received() {
        OwnedFd last = received;
        return last == null ? small.fd() : last.fd();
    }

    void keep(OwnedFd fd) {
        if (received != null) {
            received.close();
        }
        received = fd;
    }

    int any(Input in) {
        return switch (in.below(8)) {
            case 0 -> guest.fd();
            case 1 -> event.fd();
            case 2 -> sockets.first().fd();
            case 3 -> small.fd();
            case 4 -> nothing.fd();
            case 5 -> readOnly.fd();
            case 6 -> unconnected.fd();
            default -> received();
        };
    }

    @Override
    public void close() {
        try (event;
                sockets;
                unconnected;
                small;
                nothing;
                readOnly) {
            if (received != null) {
                received.close();
            }
        }
    }
}
