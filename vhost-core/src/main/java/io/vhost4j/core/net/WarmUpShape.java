// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.net;

import static io.vhost4j.VirtioFeature.CSUM;
import static io.vhost4j.VirtioFeature.GUEST_CSUM;
import static io.vhost4j.VirtioFeature.IN_ORDER;
import static io.vhost4j.VirtioFeature.MRG_RXBUF;
import static io.vhost4j.VirtioFeature.RING_EVENT_IDX;
import static io.vhost4j.VirtioFeature.RING_INDIRECT_DESC;
import static io.vhost4j.VirtioFeature.RING_PACKED;
import static io.vhost4j.VirtioFeature.VERSION_1;

import io.vhost4j.VirtioFeature;
import io.vhost4j.core.layout.NetHeader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * How a guest of {@link WarmUp} uses its rings.
 *
 * @param features as negotiated
 * @param indirect whether it sends by tables
 * @param sendParts lengths of the buffers of a chain that it sends by, header included
 * @param receiveParts lengths of the buffers of a chain that it receives by
 * @param varied whether packets that it sends are of six lengths, down to a 32nd of {@code sendParts}
 * @param notifies whether it sometimes wants to be notified
 */
record WarmUpShape(
        long features, boolean indirect, int[] sendParts, int[] receiveParts, boolean varied, boolean notifies) {
    private static final int HEADER = NetHeader.BYTES;
    private static final int BUFFER = 1536;
    private static final long[] KINDS = {0, RING_PACKED.mask()};

    /** One buffer for each packet: of drivers that poll, and of drivers that sleep; each with both kinds of ring. */
    static List<WarmUpShape> common() {
        List<WarmUpShape> shapes = new ArrayList<>();
        for (long kind : KINDS) {
            long modern = kind | VirtioFeature.maskOf(VERSION_1, MRG_RXBUF);
            shapes.add(new WarmUpShape(
                    modern | IN_ORDER.mask(), false, new int[] {HEADER + 64}, new int[] {BUFFER}, false, false));
            shapes.add(new WarmUpShape(modern, false, new int[] {HEADER + 1500}, new int[] {2 * BUFFER}, true, true));
        }
        return shapes;
    }

    /** Tables, offloads, merged buffers; the header in a buffer of its own. With both kinds of ring. */
    static List<WarmUpShape> rare() {
        List<WarmUpShape> shapes = new ArrayList<>();
        for (long kind : KINDS) {
            long kernel = kind
                    | VirtioFeature.maskOf(VERSION_1, MRG_RXBUF, RING_EVENT_IDX, RING_INDIRECT_DESC, CSUM, GUEST_CSUM);
            shapes.add(new WarmUpShape(
                    kernel, true, new int[] {HEADER + 66, 1434, 1400}, new int[] {BUFFER}, false, true));
            shapes.add(new WarmUpShape(
                    kind | VERSION_1.mask(), false, new int[] {HEADER, 60}, new int[] {HEADER, BUFFER}, false, true));
        }
        return shapes;
    }

    /** Bytes of each packet sent, header included. */
    int sendBytes() {
        return Arrays.stream(sendParts).sum();
    }

    /** Bytes of each chain to receive by. */
    int receiveBytes() {
        return Arrays.stream(receiveParts).sum();
    }
}
