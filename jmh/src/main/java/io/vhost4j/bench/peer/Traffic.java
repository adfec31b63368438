// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.util.Locale;

/** Which way packets go, as the guest sees it. */
enum Traffic {
    /** The guest receives what the back-end makes. */
    RX("txonly", "rxonly"),
    /** The guest sends, the back-end counts and drops. */
    TX("rxonly", "txonly"),
    /** 512 packets go round, or fewer of large ones: both sides swap the addresses and send back. */
    MACSWAP("macswap", "macswap");

    private static final int BURSTS = 16;
    private static final int BYTES_OF_BURSTS = BURSTS * 2048;

    private final String backEndMode;
    private final String frontEndMode;

    Traffic(String backEndMode, String frontEndMode) {
        this.backEndMode = backEndMode;
        this.frontEndMode = frontEndMode;
    }

    /** What the back-end does, as testpmd and {@code vhost4j forward} name it. */
    String backEndMode() {
        return backEndMode;
    }

    /** What the front-end does, as testpmd names it. */
    String frontEndMode() {
        return frontEndMode;
    }

    /** The command that starts testpmd as the front-end, for packets of so many bytes. */
    String startCommand(int bytes) {
        return this == MACSWAP ? "start tx_first " + Math.clamp(BYTES_OF_BURSTS / bytes, 1, BURSTS) : "start";
    }

    /** Packets per second that count: those that the front-end has received, or sent where it receives none. */
    double packetsPerSecond(Sample sample) {
        return this == TX ? sample.sentPerSecond() : sample.receivedPerSecond();
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
