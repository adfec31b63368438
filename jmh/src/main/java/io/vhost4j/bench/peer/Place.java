// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.util.Locale;

/** How far the workers' processors are from each other. */
enum Place {
    /** It does not matter. */
    ANY,
    /** A cache line goes there and back in less than {@link Limits#nearNanos}: they share a cache. */
    NEAR,
    /** It takes longer. */
    FAR;

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
