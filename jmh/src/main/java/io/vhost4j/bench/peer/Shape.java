// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.util.Locale;

/**
 * What a cell has beyond one device with one queue pair at full rate.
 *
 * @param queuePairs of each device
 * @param devices that one back-end thread serves; where there are several, {@code pktgen} drives them
 * @param rate packets per second that {@code pktgen} sends, {@link #FULL} for as many as go, 0 for testpmd
 * @param load in hundredths of what the reference can, found out before; 0 if the rate is given
 */
record Shape(int queuePairs, int devices, long rate, int load) {
    static final long FULL = -1;
    static final Shape PLAIN = new Shape(1, 1, 0, 0);

    /** Whether {@code pktgen} is the front-end, and tells after what time packets come back. */
    boolean isPaced() {
        return rate != 0 || load != 0;
    }

    @Override
    public String toString() {
        return (queuePairs > 1 ? ", " + queuePairs + " queue pairs" : "")
                + (devices > 1 ? ", " + devices + " devices" : "")
                + (rate > 0 ? String.format(Locale.ROOT, ", %.2f Mpps", rate / 1e6) : "")
                + (load > 0 ? ", " + load + " % load" : "");
    }
}
