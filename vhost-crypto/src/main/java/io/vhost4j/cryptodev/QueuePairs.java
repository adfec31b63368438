// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev;

import java.util.BitSet;

/** Numbers of queue pairs for this process, so that queues of several devices can share a crypto device. Any thread. */
final class QueuePairs {
    private static final BitSet TAKEN = new BitSet();

    private QueuePairs() {}

    /** A number that nobody else has. */
    static int take() {
        synchronized (TAKEN) {
            int number = TAKEN.nextClearBit(0);
            TAKEN.set(number);
            return number;
        }
    }

    /** Gives a number back. */
    static void giveBack(int number) {
        synchronized (TAKEN) {
            TAKEN.clear(number);
        }
    }
}
