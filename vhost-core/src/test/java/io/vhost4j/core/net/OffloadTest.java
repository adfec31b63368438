// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.net;

import io.vhost4j.async.DmaChannel;
import org.jspecify.annotations.Nullable;

/** Without a channel. */
final class OffloadTest extends OffloadContract {
    @Override
    @Nullable
    DmaChannel channel() {
        return null;
    }
}
