// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.time.Duration;

/** What drives the devices of a back-end; connected from construction on. For one thread. */
sealed interface FrontEnd extends AutoCloseable permits Testpmd, Pktgen {
    /** Starts the one that a cell wants. */
    static FrontEnd start(Lab lab, Seat seat, Cell cell) {
        return cell.shape().isPaced() ? new Pktgen(lab, seat, cell) : Testpmd.frontEnd(lab, seat, cell);
    }

    /** The process behind it. */
    Child child();

    /** As it says itself. */
    String version();

    /** Begins to move packets, if it did not do so when it was started. */
    void begin(Cell cell);

    /** Begins an interval. */
    void mark();

    /** What happened in the interval, which is about as long as {@code interval}; the next one begins. */
    Sample next(Duration interval);

    /** Ends as its user would end it, and fails if it does not end well. */
    void end();

    @Override
    void close();
}
