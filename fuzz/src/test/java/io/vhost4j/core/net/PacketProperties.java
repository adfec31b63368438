// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vhost4j.VirtioFeature;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Assume;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** However a guest cuts its buffers, the bytes are the same on the other side. */
final class PacketProperties {
    static final int RING = 64;
    static final int MIN_CHAIN = 12;

    @Property(tries = 400)
    void shouldDeliverWhatTheGuestSent(
            @ForAll boolean packed,
            @ForAll boolean modern,
            @ForAll @IntRange(min = 14, max = 9000) int bytes,
            @ForAll @Size(max = 20) List<@IntRange(min = 0, max = 2000) Integer> cuts) {
        try (NetRig rig = new NetRig(packed, NetRig.TRANSMIT, RING, modern ? NetRig.MODERN : 0, NetRig.PLAIN)) {
            byte[] frame = NetRig.frame(bytes, bytes);
            rig.send(
                    new byte[rig.headerBytes()],
                    frame,
                    cuts.stream().mapToInt(Integer::intValue).toArray());
            assertArrayEquals(frame, rig.dequeueBytes());
            assertEquals(1, rig.driver.collect().size());
        }
    }

    @Property(tries = 400)
    void shouldFillTheGuestsBuffers(
            @ForAll boolean packed,
            @ForAll @IntRange(min = 14, max = 9000) int bytes,
            @ForAll @IntRange(min = 100, max = 2048) int segment,
            @ForAll @Size(min = 1, max = RING) List<@IntRange(min = MIN_CHAIN, max = 3000) Integer> chains) {
        int room = chains.stream().mapToInt(Integer::intValue).sum();
        Assume.that(room >= bytes + 12);
        long features = NetRig.MODERN | VirtioFeature.MRG_RXBUF.mask();
        try (NetRig rig = new NetRig(packed, NetRig.RECEIVE, RING, features, NetRig.PLAIN)) {
            for (int chain : chains) {
                rig.offer(chain);
            }
            byte[] frame = NetRig.frame(bytes, bytes);
            assertEquals(1, rig.enqueue(rig.packet(frame, segment)));
            List<byte[]> received = rig.received();
            byte[] all = received.stream().reduce(new byte[0], NetRig::joined);
            assertEquals(bytes + 12, all.length, "bytes");
            assertEquals(received.size(), all[10] & 0xFF | (all[11] & 0xFF) << 8, "number of buffers in the header");
            assertArrayEquals(frame, Arrays.copyOfRange(all, 12, all.length));
        }
    }
}
