// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import io.vhost4j.RingInflight;
import io.vhost4j.VhostException;
import io.vhost4j.core.ring.RingAccount;
import io.vhost4j.core.ring.RingSetup;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** An account of chains in flight as the application sees it: good for the start of the ring that it was asked for in. */
final class ServedAccount implements RingInflight {
    private final RingState ring;
    private final RingAccount account;
    private final int start;

    private ServedAccount(RingState ring, RingAccount account, int start) {
        this.ring = ring;
        this.account = account;
        this.start = start;
    }

    /** The account of a ring that runs; null if there is no buffer for it. Any thread. */
    static @Nullable ServedAccount of(RingState ring, InflightControl inflight) {
        return ring.whileRunning(setup -> {
            long buffer = inflight.addressOf(ring);
            return buffer == 0 ? null : new ServedAccount(ring, new RingAccount(setup, buffer), ring.starts());
        });
    }

    /** Buffer and ring stay mapped while {@code action} runs: the event thread waits for it. */
    private <T> T run(Function<RingSetup, T> action) {
        return ring.whileRunning(setup -> {
            if (ring.starts() != start) {
                throw new VhostException("queue=" + ring.index + " has started again: ask for its account again");
            }
            return action.apply(setup);
        });
    }

    private void does(Runnable action) {
        run(setup -> {
            action.run();
            return true;
        });
    }

    @Override
    public List<Integer> resubmit() {
        return Arrays.stream(account.resubmit()).boxed().toList();
    }

    @Override
    public int vringBase() {
        return account.base();
    }

    @Override
    public void setInflightDescSplit(int head) {
        does(() -> account.takenSplit(head));
    }

    @Override
    public void setLastInflightIoSplit(int head) {
        does(() -> account.returningSplit(head));
    }

    @Override
    public void clrInflightDescSplit(int usedIdx, int head) {
        does(() -> account.returnedSplit(head, usedIdx));
    }

    @Override
    public int setInflightDescPacked(int slot, int slots) {
        return run(setup -> account.takenPacked(setup.desc(), slot, slots));
    }

    @Override
    public void setLastInflightIoPacked(int entry) {
        does(() -> account.returningPacked(entry));
    }

    @Override
    public void clrInflightDescPacked(int entry) {
        does(() -> account.returnedPacked(entry));
    }

    @Override
    public MemorySegment chainPacked(int entry) {
        return run(setup -> account.chainPacked(entry));
    }
}
