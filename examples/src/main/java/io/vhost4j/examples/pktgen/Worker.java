// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.pktgen;

/** What a generator's thread does, in one of the modes. */
sealed interface Worker permits LoopWorker, PacedWorker, ReceiveWorker, SendWorker, SwapWorker {
    /** Works until all is done or the end is requested. */
    void run();

    /** Packets that were damaged. Exact after {@link #run}. */
    long bad();

    /** Packets that should have come and did not. Exact after {@link #run}. */
    long lost();

    /** Packets that came but are not a generator's. */
    long foreign();
}
