// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import java.time.Duration;
import java.util.function.Predicate;

/**
 * A running back-end: the launcher under test, or, with the system property {@code vhost4j.interop.backend=dpdk}, DPDK's own, which
 * tells a fault of the project from one of the test or the peer.
 */
interface Backend extends AutoCloseable {
    /** Starts a back-end and waits until it listens, or, as a client, until it tries to connect. */
    static Backend start(BackendSpec spec) {
        return "dpdk".equals(System.getProperty("vhost4j.interop.backend"))
                ? DpdkBackend.start(spec)
                : ForwardBackend.start(spec);
    }

    /** Waits until as many devices in total have come up since the start. */
    void awaitDevicesUp(int devices);

    /** Makes it send, if it was told to send a given number of packets: it waits for this. */
    void begin();

    /** The virtio features negotiated by the device that came up last. */
    long features();

    /** Waits for counters, and returns them. */
    Counters awaitCounters(Predicate<Counters> wanted, String what, Duration limit);

    /** Ends the back-end in the regular way, checks that it ends well, and returns its last counters. */
    Counters finish();

    /** Kills it without warning. */
    void kill();

    /** Kills it if it still runs. */
    @Override
    void close();
}
