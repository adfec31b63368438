// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.virtiouser;

import io.vhost4j.VirtioFeature;

/** What was negotiated about rings and packets. */
record RingOptions(
        boolean packed, boolean eventIdx, boolean inOrder, boolean indirect, boolean mergeable, boolean offloads) {
    static RingOptions of(long features) {
        return new RingOptions(
                VirtioFeature.RING_PACKED.in(features),
                VirtioFeature.RING_EVENT_IDX.in(features),
                VirtioFeature.IN_ORDER.in(features),
                VirtioFeature.RING_INDIRECT_DESC.in(features),
                VirtioFeature.MRG_RXBUF.in(features),
                VirtioFeature.CSUM.in(features) || VirtioFeature.GUEST_CSUM.in(features));
    }
}
