// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.net;

import io.vhost4j.async.DmaChannel;
import io.vhost4j.async.DmaEngine;
import org.junit.jupiter.api.AfterEach;

/** With a channel of the engine {@code thread}. */
final class ThreadChannelNetQueueTest extends NetQueueContract {
    private final DmaEngine engine = DmaEngine.open("thread:2");

    @AfterEach
    void close() {
        engine.close();
    }

    @Override
    DmaChannel channel() {
        return engine.openChannel();
    }
}
