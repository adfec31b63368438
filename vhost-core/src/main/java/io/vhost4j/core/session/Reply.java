// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.protocol.FrontendRequest.InflightInfo;
import io.vhost4j.core.protocol.FrontendRequest.RegionInfo;
import java.util.List;

/** How a request that was done is answered. */
sealed interface Reply {
    /** Zero, if the front-end wants an acknowledgement. */
    record Ack() implements Reply {}

    /** A number. */
    record U64(long value) implements Reply {}

    /** The number that says that it was not done, to a front-end that waits for one whether or not it asked. */
    record Failed(String why) implements Reply {}

    /** A ring's position. */
    record State(int queue, int base) implements Reply {}

    /** A header alone, with a descriptor that is closed when it was sent. */
    record Descriptor(OwnedFd fd) implements Reply {}

    /** An in-flight buffer, whose descriptor is closed when it was sent. */
    record Inflight(InflightInfo info, OwnedFd fd) implements Reply {}

    /** A memory table or a single region as received, with where they are in this process. */
    record Regions(List<RegionInfo> regions, boolean table) implements Reply {}

    /** Nothing, whatever the front-end wants. */
    record None() implements Reply {}

    /** A header alone. */
    record Empty() implements Reply {}

    /** The only one of its kind. */
    Ack ACK = new Ack();
}
