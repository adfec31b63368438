// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.cryptodev;

final class HostileRequestSplitTest extends HostileRequestContract {
    @Override
    boolean packed() {
        return false;
    }
}
