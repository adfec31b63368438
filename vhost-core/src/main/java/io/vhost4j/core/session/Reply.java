// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.protocol.FrontendRequest.InflightInfo;
import io.vhost4j.core.protocol.FrontendRequest.RegionInfo;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** How a request that was done is answered. */
sealed interface Reply {
    /** Closes the descriptors of a reply; after it was sent, or if it is not. */
    static void dispose(Reply reply) {
        switch (reply) {
            case Descriptor(OwnedFd fd) -> fd.close();
            case Inflight(InflightInfo info, OwnedFd fd) -> fd.close();
            case Raw(MemorySegment payload, List<OwnedFd> fds) -> fds.forEach(OwnedFd::close);
            case Ack a -> {}
            case U64 u -> {}
            case Failed f -> {}
            case State s -> {}
            case Regions r -> {}
            case None n -> {}
            case Empty e -> {}
        }
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
    record Descriptor(OwnedFd fd) implements Reply {}

    /** An in-flight buffer, with its descriptor. */
    record Inflight(InflightInfo info, OwnedFd fd) implements Reply {}

    /** A memory table or a single region as received, with where they are in this process. */
    record Regions(List<RegionInfo> regions, boolean table) implements Reply {}

    /** Any payload, with descriptors. */
    record Raw(MemorySegment payload, List<OwnedFd> fds) implements Reply {}

    /** Nothing, whatever the front-end wants. */
    record None() implements Reply {}

    /** A header alone. */
    record Empty() implements Reply {}

    /** The only one of its kind. */
    Ack ACK = new Ack();
}
