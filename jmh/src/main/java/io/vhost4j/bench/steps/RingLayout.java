// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.steps;

/** Layout of a benchmark's ring. */
public enum RingLayout {
    /** Virtio 1.2 §2.7. */
    SPLIT,
    /** Virtio 1.2 §2.8. */
    PACKED
}
