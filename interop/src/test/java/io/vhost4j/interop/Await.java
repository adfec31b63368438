// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** Waits for a state of something that can only be asked: a file, a counter of a peer. */
public final class Await {
    private static final long PAUSE_NANOS = 20_000_000;

    private Await() {}

    /**
     * Asks until the answer is right.
     *
     * @param what the wanted state in words, for the failure
     * @return the answer that was right
     * @throws AssertionError with the last answer when time is up
     */
    public static <T> T until(Supplier<T> ask, Predicate<T> right, String what, Duration limit) {
        long end = System.nanoTime() + limit.toNanos();
        while (true) {
            T answer = ask.get();
            if (right.test(answer)) {
                return answer;
            }
            if (System.nanoTime() - end > 0) {
                throw new AssertionError(what + ": not within " + limit.toMillis() + " ms; last seen: " + answer);
            }
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }
}
