// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.pktgen;

import io.vhost4j.examples.wire.PairSender;

/** Sends only. */
final class SendWorker implements Worker {
    private final Traffic traffic;
    private final PairSender[] senders;
    private long lost;

    SendWorker(Traffic traffic, PairSender[] senders) {
        this.traffic = traffic;
        this.senders = senders;
    }

    @Override
    public void run() {
        boolean done = false;
        while (!done && !traffic.isEnding()) {
            int work = 0;
            done = true;
            for (int pair = 0; pair < senders.length; pair++) {
                long share = traffic.share(pair);
                work += senders[pair].send(share);
                done &= senders[pair].sent() == share;
            }
            traffic.round(work);
        }
        lost = traffic.settle();
    }

    @Override
    public long bad() {
        return 0;
    }

    @Override
    public long lost() {
        return lost;
    }

    @Override
    public long foreign() {
        return 0;
    }
}
