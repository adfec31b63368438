// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.net;

import io.vhost4j.core.net.QueueStats.Counter;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.JJ_Result;

/** Statistics read while a burst counts: each value is one that was there, and none goes back. */
@JCStressTest
@Outcome(id = "0, 0", expect = Expect.ACCEPTABLE, desc = "before")
@Outcome(id = "0, 4294967297", expect = Expect.ACCEPTABLE, desc = "between")
@Outcome(id = "0, 8589934594", expect = Expect.ACCEPTABLE, desc = "between")
@Outcome(id = "4294967297, 4294967297", expect = Expect.ACCEPTABLE, desc = "between")
@Outcome(id = "4294967297, 8589934594", expect = Expect.ACCEPTABLE, desc = "between")
@Outcome(id = "8589934594, 8589934594", expect = Expect.ACCEPTABLE, desc = "after")
@Outcome(expect = Expect.FORBIDDEN, desc = "torn, or going back")
@State
public class StatisticsRead {
    private static final long STEP = 0x1_0000_0001L;

    private final QueueStats stats = new QueueStats();
    private final long[] first = new long[1];
    private final long[] second = new long[1];

    /** The burst. */
    @Actor
    public void burst() {
        stats.add(Counter.GOOD_PACKETS, STEP);
        stats.add(Counter.GOOD_PACKETS, STEP);
    }

    /** Who wants to know. */
    @Actor
    public void reader(JJ_Result result) {
        stats.read(first);
        stats.read(second);
        result.r1 = first[0];
        result.r2 = second[0];
    }
}
