// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.util.concurrent.ConcurrentLinkedDeque;

/** What must not outlive this process, however it ends; the newest goes first. */
final class AtExit {
    private static final ConcurrentLinkedDeque<Runnable> ACTIONS = new ConcurrentLinkedDeque<>();

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(AtExit::runAll, "peer-bench-at-exit"));
    }

    private AtExit() {}

    /** Has {@code action} run when the process ends. It may run while another thread does the same. */
    static void add(Runnable action) {
        ACTIONS.push(action);
    }

    /** Forgets an action that was added. */
    static void remove(Runnable action) {
        ACTIONS.remove(action);
    }

    private static void runAll() {
        for (Runnable action : ACTIONS) {
            try {
                action.run();
            } catch (RuntimeException e) {
                System.err.println("peer-bench: cleaning up: " + e.getMessage());
            }
        }
    }
}
