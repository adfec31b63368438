// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.protocol;

import java.lang.foreign.MemorySegment;

/** A complete message as received. Valid until the reader goes on to the next. */
public interface ReceivedMessage {
    /** The request code, any 32-bit value. */
    int request();

    /** Whether the sender wants a reply where the message has none of its own. */
    boolean needReply();

    /** Bytes of the payload. */
    int sizeBytes();

    /** The payload, {@link #sizeBytes} long. */
    MemorySegment payload();

    /** How many file descriptors came. */
    int fdCount();

    /** One of them. */
    ReceivedFd fd(int index);
}
