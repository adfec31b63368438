// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

/** The thread on which all sessions live. */
public interface EventLoop {
    /** Runs {@code task} on the event thread, soon, after what it is doing now. Any thread may call it; it never blocks. */
    void execute(Runnable task);
}
