// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.ring;

final class EitherPackedRingTest extends EitherRingContract {
    @Override
    boolean packed() {
        return true;
    }
}
