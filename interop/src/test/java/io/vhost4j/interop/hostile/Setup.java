// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop.hostile;

import io.vhost4j.VirtioFeature;

/**
 * How far a case goes along with the rules before it breaks them.
 *
 * @param stage what has been done when the attack begins
 * @param packed whether rings are packed
 * @param more virtio features to take beside the usual ones, if they are offered
 * @param less virtio features not to take
 */
record Setup(Stage stage, boolean packed, long more, long less) {
    enum Stage {
        /** Connected; nothing was said. */
        CONNECTED,
        /** Features are agreed on. */
        NEGOTIATED,
        /** Memory is shared. */
        MEMORY,
        /** The rings run; the receive ring has buffers. */
        RUNNING
    }

    static final Setup CONNECTED = new Setup(Stage.CONNECTED, false, 0, 0);
    static final Setup NEGOTIATED = new Setup(Stage.NEGOTIATED, false, 0, 0);
    static final Setup MEMORY = new Setup(Stage.MEMORY, false, 0, 0);
    static final Setup SPLIT = new Setup(Stage.RUNNING, false, 0, 0);
    static final Setup PACKED = new Setup(Stage.RUNNING, true, 0, 0);

    Setup with(VirtioFeature... features) {
        return new Setup(stage, packed, more | VirtioFeature.maskOf(features), less);
    }

    Setup without(VirtioFeature... features) {
        return new Setup(stage, packed, more, less | VirtioFeature.maskOf(features));
    }

    long wanted() {
        long usual = VirtioFeature.maskOf(
                VirtioFeature.VERSION_1,
                VirtioFeature.PROTOCOL_FEATURES,
                VirtioFeature.MRG_RXBUF,
                VirtioFeature.RING_INDIRECT_DESC,
                VirtioFeature.CSUM,
                VirtioFeature.HOST_TSO4,
                VirtioFeature.HOST_TSO6,
                VirtioFeature.HOST_UFO);
        return (usual | more | (packed ? VirtioFeature.RING_PACKED.mask() : 0)) & ~less;
    }
}
