// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.net;

import io.vhost4j.async.DmaChannel;
import io.vhost4j.core.testkit.TestChannel;

/** With a channel that completes copies in any order and fails now and then. */
final class ShuffledOffloadTest extends OffloadContract {
    @Override
    DmaChannel channel() {
        return TestChannel.shuffling(1).failing(0.1);
    }
}
