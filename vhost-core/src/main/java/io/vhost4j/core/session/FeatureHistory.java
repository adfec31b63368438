// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import io.vhost4j.VirtioFeature;
import org.jspecify.annotations.Nullable;

/**
 * Compares the features of a device with those of the device before on the same socket. A front-end that comes back to a guest which
 * has not noticed must have agreed to the same; another guest may have other drivers. So a difference is told, not refused. Event thread
 * only.
 */
public final class FeatureHistory {
    private boolean known;
    private long last;

    /** Nothing to compare with yet. */
    public FeatureHistory() {}

    /**
     * Takes note of a device's features.
     *
     * @return what differs from the device before, in words, or null
     */
    @Nullable
    String change(long features) {
        long now = features & ~VirtioFeature.LOG_ALL.mask();
        long lost = last & ~now;
        long gained = now & ~last;
        boolean differs = known && (lost | gained) != 0;
        known = true;
        last = now;
        return differs ? "without " + VirtioFeature.setOf(lost) + ", with " + VirtioFeature.setOf(gained) : null;
    }
}
