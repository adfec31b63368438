// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.forward;

import java.util.concurrent.atomic.AtomicLong;

/** A number of packets that poll threads share; when it is used up, the run ends. */
final class PacketBudget {
    private final AtomicLong unclaimed;
    private final AtomicLong unused;
    private final Runnable onUsedUp;

    PacketBudget(long packets, Runnable onUsedUp) {
        unclaimed = new AtomicLong(packets);
        unused = new AtomicLong(packets);
        this.onUsedUp = onUsedUp;
    }

    /** Claims up to {@code wanted} packets; {@link #settle} ends the claim. */
    int claim(int wanted) {
        long left;
        int claimed;
        do {
            left = unclaimed.get();
            claimed = (int) Math.min(wanted, left);
        } while (!unclaimed.compareAndSet(left, left - claimed));
        return claimed;
    }

    /** Whether all packets were moved. */
    boolean isUsedUp() {
        return unused.get() == 0;
    }

    /** Ends a claim: {@code moved} of the {@code claimed} packets were moved, the rest may be claimed again. */
    void settle(int claimed, int moved) {
        if (moved < claimed) {
            unclaimed.addAndGet(claimed - moved);
        }
        if (moved > 0 && unused.addAndGet(-moved) == 0) {
            onUsedUp.run();
        }
    }
}
