// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

/** The thread on which all sessions live. */
public interface EventLoop {
    /** Runs {@code task} on the event thread, soon, after what it is doing now. Any thread may call it; it never blocks. */
    void execute(Runnable task);

    /**
     * Runs {@code readable} whenever there is something to read from a file descriptor; event thread only. A loop that knows no
     * descriptors, which is the default, never does: then the front-end's answers to requests of the back-end are not seen.
     *
     * @param fd open until the watch was ended
     */
    default Watch watch(int fd, Runnable readable) {
        return () -> {};
    }

    /** A descriptor that is watched. */
    @FunctionalInterface
    interface Watch {
        /** Ends it; event thread only. */
        void end();
    }
}
