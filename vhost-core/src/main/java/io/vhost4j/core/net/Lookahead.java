// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.net;

/**
 * How many chains a burst of packets for the guest looks at: as many as there are packets, but more where packets of late went over several
 * chains, and all that there are where a whole batch was too little for one packet.
 */
final class Lookahead {
    /** Most chains looked at before some are given back. */
    private static final int BATCH = 64;

    private final int ringSize;
    private boolean scattered;
    private int chains;

    /** For a ring of {@code ringSize} descriptors. */
    Lookahead(int ringSize) {
        this.ringSize = ringSize;
    }

    /** How many to look at first, for {@code packets} packets. */
    int first(int packets) {
        chains = usual(packets);
        return chains;
    }

    /**
     * How many to look at next.
     *
     * @param packets that are left
     * @param placed packets of the last look, which went over {@code used} of the {@code found} chains
     */
    int next(int packets, int placed, int used, int found) {
        scattered = used > placed || packets > 0 && used < found;
        chains = placed == 0 && chains >= BATCH ? ringSize : usual(packets);
        return chains;
    }

    private int usual(int packets) {
        return scattered ? BATCH : Math.min(packets, BATCH);
    }
}
