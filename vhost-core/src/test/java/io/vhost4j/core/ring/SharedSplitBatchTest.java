// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.ring;

final class SharedSplitBatchTest extends SharedBatchContract {
    @Override
    boolean packed() {
        return false;
    }
}
