// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.asynccopy;

import io.vhost4j.async.DmaChannel;
import io.vhost4j.async.DmaEngine;
import java.util.ArrayList;
import java.util.List;

/** Copy threads; each new channel goes to the one with the fewest. */
final class ThreadEngine implements DmaEngine {
    private final List<CopyThread> threads = new ArrayList<>();

    /**
     * Starts the threads.
     *
     * @param cpus where each runs; empty for anywhere
     */
    ThreadEngine(int count, List<Integer> cpus) {
        for (int i = 0; i < count; i++) {
            threads.add(new CopyThread(i, cpus.isEmpty() ? -1 : cpus.get(i)));
        }
        try {
            threads.forEach(CopyThread::start);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    @Override
    public String name() {
        return "thread:" + threads.size();
    }

    @Override
    public synchronized DmaChannel openChannel() {
        CopyThread least = threads.getFirst();
        for (CopyThread thread : threads) {
            least = thread.channels() < least.channels() ? thread : least;
        }
        return least.open();
    }

    @Override
    public void close() {
        threads.forEach(CopyThread::stop);
    }
}
