// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import java.time.Duration;

/** A Linux guest whose network cards a back-end serves. */
interface Guest extends AutoCloseable {
    /** The address of the guest's first card; the other side is {@link #BACKEND_ADDRESS}. */
    String GUEST_ADDRESS = "10.0.0.2";

    /** The address that the guest pings: a back-end in echo mode answers for all. */
    String BACKEND_ADDRESS = "10.0.0.1";

    /** The guest's command loop. */
    GuestShell shell();

    /** Whether it still runs. */
    boolean isAlive();

    /** Tells the guest to power off, and waits for the end of the program that runs it. */
    void powerOff();

    /** Kills the program if it still runs. */
    @Override
    void close();

    /** Whether the driver of a card has negotiated a feature bit. */
    default boolean hasFeature(String device, int bit) {
        String bits = shell().run("features " + device).trim();
        return bits.charAt(bit) == '1';
    }

    /** Gives the first card its address and, if not 0, an MTU. */
    default void raise(int mtu) {
        shell().run("setup eth0 " + GUEST_ADDRESS + (mtu == 0 ? "" : " " + mtu));
    }

    /** Sends echoes and fails unless every one is answered with the same payload. */
    default void ping(int count, int intervalMs, int bytes) {
        ping("", count, intervalMs, bytes);
    }

    /** The same on one processor of the guest, and so on the transmit queue that belongs to it. */
    default void pingOnCpu(int cpu, int count, int intervalMs, int bytes) {
        ping("taskset -c " + cpu + " ", count, intervalMs, bytes);
    }

    private void ping(String prefix, int count, int intervalMs, int bytes) {
        Duration limit = Duration.ofMillis(10_000L + 2L * count * intervalMs);
        shell().run(prefix + "wire echo " + BACKEND_ADDRESS + " " + count + " " + intervalMs + " " + bytes, limit);
    }
}
