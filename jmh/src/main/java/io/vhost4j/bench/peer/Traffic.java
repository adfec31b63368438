// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.util.List;
import java.util.Locale;

/** Which way packets go, as the guest sees it. */
enum Traffic {
    /** The guest receives what the back-end makes. */
    RX("txonly", "rxonly", "start"),
    /** The guest sends, the back-end counts and drops. */
    TX("rxonly", "txonly", "start"),
    /** 512 packets go round: both sides swap the addresses and send back. */
    MACSWAP("macswap", "macswap", "start tx_first 16");

    private final String backEndMode;
    private final String frontEndMode;
    private final String startCommand;

    Traffic(String backEndMode, String frontEndMode, String startCommand) {
        this.backEndMode = backEndMode;
        this.frontEndMode = frontEndMode;
        this.startCommand = startCommand;
    }

    /** What the back-end does, as testpmd and {@code vhost4j forward} name it. */
    String backEndMode() {
        return backEndMode;
    }

    /** What the front-end does, as testpmd names it. */
    String frontEndMode() {
        return frontEndMode;
    }

    /** The command that starts testpmd as the front-end. */
    String startCommand() {
        return startCommand;
    }

    /** Packets per second that count: those that the front-end has received, or sent where it receives none. */
    double packetsPerSecond(Sample sample) {
        return this == TX ? sample.sentPerSecond() : sample.receivedPerSecond();
    }

    /** The same of several samples. */
    double[] packetsPerSecond(List<Sample> samples) {
        return samples.stream().mapToDouble(this::packetsPerSecond).toArray();
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
