// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j;

import java.lang.foreign.MemorySegment;

/**
 * A message of the front-end as it arrived: nothing but its header is checked. Valid until the callback that was given it returns, on its
 * thread. File descriptors that are not taken are closed afterwards.
 */
public interface VhostMessage {
    /** The number of the request, any 32-bit value. */
    int request();

    /** Whether the front-end asks for an acknowledgement. */
    boolean needReply();

    /** The payload, read-only, in the byte order of the host; at most 4096 bytes. */
    MemorySegment payload();

    /** How many file descriptors came with it, at most 8. */
    int fdCount();

    /**
     * Takes over one of the file descriptors; take them only if the message is not left to the library.
     *
     * @param index 0 to {@link #fdCount} - 1
     * @return owned by the caller, who closes it
     * @throws IllegalStateException if it was taken before, by the application or by the library
     */
    int takeFd(int index);

    /**
     * Gives the answer, which is sent after the callback has returned {@link MessageResult#REPLY}.
     *
     * @param payload at most 4096 bytes, copied
     * @param fds file descriptors to send, at most 8; owned by the library from here on, and closed when they were sent
     */
    void reply(MemorySegment payload, int... fds);

    /** Answers with a number. */
    void replyU64(long value);
}
