// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.ring;

final class SharedPackedBatchTest extends SharedBatchContract {
    @Override
    boolean packed() {
        return true;
    }
}
