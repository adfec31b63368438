// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.protocol.FrontendRequest.InflightInfo;
import io.vhost4j.core.protocol.FrontendRequest.RegionInfo;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** How a request that was done is answered. */
sealed interface Reply {
    /** Closes descriptors that were to be sent; after it was sent, or if it is not. */
    default void dispose() {
        // most have none
    }

    /** Zero, if the front-end wants an acknowledgement. */
    record Ack() implements Reply {}

    /** A number. */
    record U64(long value) implements Reply {}

    /** The number that says that it was not done, to a front-end that waits for one whether or not it asked. */
    record Failed(String why) implements Reply {}

    /** A ring's position. */
    record State(int queue, int base) implements Reply {}

    /** A header alone, with a descriptor. */
    record Descriptor(OwnedFd fd) implements Reply {
        @Override
        public void dispose() {
            fd.close();
        }
    }

    /** An in-flight buffer, with its descriptor. */
    record Inflight(InflightInfo info, OwnedFd fd) implements Reply {
        @Override
        public void dispose() {
            fd.close();
        }
    }

    /** A memory table or a single region as received, with where they are in this process. */
    record Regions(List<RegionInfo> regions, boolean table) implements Reply {}

    /** Any payload, with descriptors. */
    record Raw(MemorySegment payload, List<OwnedFd> fds) implements Reply {
        @Override
        public void dispose() {
            fds.forEach(OwnedFd::close);
        }
    }

    /** Nothing, whatever the front-end wants. */
    record None() implements Reply {}

    /** A header alone. */
    record Empty() implements Reply {}

    /** The only one of its kind. */
    Ack ACK = new Ack();
}
