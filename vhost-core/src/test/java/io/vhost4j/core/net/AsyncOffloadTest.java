// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.net;

import io.vhost4j.async.DmaChannel;
import io.vhost4j.core.testkit.TestChannel;

/** With a channel that copies in order. */
final class AsyncOffloadTest extends OffloadContract {
    @Override
    DmaChannel channel() {
        return TestChannel.inOrder();
    }
}
