// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.pktgen;

import io.vhost4j.examples.wire.PairReceiver;
import io.vhost4j.examples.wire.PairSender;
import io.vhost4j.examples.wire.TrafficSink;
import java.util.List;

/** Sends, and expects all of it back. */
final class LoopWorker implements Worker {
    private final Traffic traffic;
    private final PairSender[] senders;
    private final PairReceiver[] receivers;
    private final List<TrafficSink> sinks;
    private long sent;
    private long received;

    /** As {@link SendWorker} and {@link ReceiveWorker} together. */
    LoopWorker(Traffic traffic, PairSender[] senders, PairReceiver[] receivers, List<TrafficSink> sinks) {
        this.traffic = traffic;
        this.senders = senders;
        this.receivers = receivers;
        this.sinks = sinks;
    }

    @Override
    public void run() {
        long total = traffic.count();
        while (received < total && !traffic.isEnding() && !(sent == total && traffic.isQuiet())) {
            int work = 0;
            for (int pair = 0; pair < senders.length; pair++) {
                int count = senders[pair].send(traffic.share(pair));
                sent += count;
                work += count + receive(pair);
            }
            traffic.round(work);
        }
        drain();
    }

    /** After an early end: what is under way still counts. */
    private void drain() {
        traffic.settle();
        while (received < sent && !traffic.isQuiet() && traffic.device().connected()) {
            int work = 0;
            for (int pair = 0; pair < senders.length; pair++) {
                work += receive(pair);
            }
            traffic.round(work);
        }
    }

    private int receive(int pair) {
        int count = receivers[pair].receive();
        received += count;
        return count;
    }

    @Override
    public long bad() {
        return sinks.stream().mapToLong(TrafficSink::bad).sum();
    }

    @Override
    public long lost() {
        return Math.max(0, sent - (received - foreign()));
    }

    @Override
    public long foreign() {
        return sinks.stream().mapToLong(TrafficSink::foreign).sum();
    }
}
