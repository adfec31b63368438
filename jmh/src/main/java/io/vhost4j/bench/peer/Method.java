// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

/**
 * How a cell is measured.
 *
 * @param fresh whether each run has processes of its own; else those that are not measured are stopped
 * @param pairs rounds
 * @param restarts how often the processes of a cell are started, each time for a part of the rounds; 1 to {@code pairs}
 */
record Method(boolean fresh, int pairs, int restarts, Timing timing, Limits limits) {
    /** The same with another number of rounds, and processes that are started once. */
    Method with(int rounds) {
        return new Method(fresh, rounds, 1, timing, limits);
    }

    /** How many rounds are made with the processes of one start, counted from 0. */
    int rounds(int start) {
        return pairs * (start + 1) / restarts - pairs * start / restarts;
    }

    @Override
    public String toString() {
        String processes = fresh
                ? "fresh processes for each run"
                : "one couple of processes for each back-end, stopped while another one is measured"
                        + (restarts > 1 ? ", started " + restarts + " times" : "");
        return pairs + " rounds, " + processes + ", " + timing
                + (limits.place() == Place.ANY ? "" : ", processors " + limits.place());
    }
}
