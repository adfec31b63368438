// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.steps;

import io.vhost4j.core.net.QueueListener;
import io.vhost4j.core.ring.RingFault;

/** Wants to know nothing but that the ring broke, which no benchmark survives. */
final class QuietListener implements QueueListener {
    @Override
    public void fault(int queue, RingFault fault, long value) {
        throw new IllegalStateException("queue=" + queue + ": " + fault + ", value=" + value);
    }
}
