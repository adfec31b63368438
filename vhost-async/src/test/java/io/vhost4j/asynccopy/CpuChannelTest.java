// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.asynccopy;

import io.vhost4j.async.DmaChannel;

final class CpuChannelTest extends ChannelContract {
    @Override
    protected DmaChannel open() {
        return new CpuChannel();
    }
}
