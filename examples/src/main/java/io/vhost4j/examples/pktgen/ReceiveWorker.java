// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.pktgen;

import io.vhost4j.examples.wire.PairReceiver;
import io.vhost4j.examples.wire.TrafficSink;
import java.util.List;

/** Receives only. */
final class ReceiveWorker implements Worker {
    private final Traffic traffic;
    private final PairReceiver[] receivers;
    private final List<TrafficSink> sinks;

    /** Receives by {@code receivers}, which check with {@code sinks}; no sinks, no check. */
    ReceiveWorker(Traffic traffic, PairReceiver[] receivers, List<TrafficSink> sinks) {
        this.traffic = traffic;
        this.receivers = receivers;
        this.sinks = sinks;
    }

    @Override
    public void run() {
        long left = traffic.count();
        while (left > 0 && !traffic.isEnding()) {
            int work = 0;
            for (PairReceiver receiver : receivers) {
                work += receiver.receive();
            }
            left -= work;
            traffic.round(work);
        }
    }

    @Override
    public long bad() {
        return sinks.stream().mapToLong(TrafficSink::bad).sum();
    }

    @Override
    public long lost() {
        return sinks.stream().mapToLong(TrafficSink::missing).sum();
    }

    @Override
    public long foreign() {
        return sinks.stream().mapToLong(TrafficSink::foreign).sum();
    }
}
