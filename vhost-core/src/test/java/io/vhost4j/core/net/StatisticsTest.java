// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.net;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.packet.Packet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(LeakCheck.class)
final class StatisticsTest {
    /** DPDK's names, in its order ({@code vhost_vq_stat_strings}). */
    private static final List<String> DPDK = List.of(
            "good_packets",
            "good_bytes",
            "multicast_packets",
            "broadcast_packets",
            "undersize_packets",
            "size_64_packets",
            "size_65_127_packets",
            "size_128_255_packets",
            "size_256_511_packets",
            "size_512_1023_packets",
            "size_1024_1518_packets",
            "size_1519_max_packets",
            "guest_notifications",
            "guest_notifications_offloaded",
            "guest_notifications_error",
            "guest_notifications_suppressed",
            "iotlb_hits",
            "iotlb_misses",
            "inflight_submitted",
            "inflight_completed",
            "mbuf_alloc_failed");

    @Test
    void shouldHaveTheNamesOfDpdk() {
        NetQueue transmit = new NetQueue(7, new NetRig.Listener(), NetRig.PLAIN);
        NetQueue receive = new NetQueue(4, new NetRig.Listener(), NetRig.PLAIN);
        assertEquals(
                DPDK.stream().map(name -> "rx_q3_" + name).toList(),
                transmit.statNames().subList(0, DPDK.size()));
        assertEquals("tx_q2_good_packets", receive.statNames().getFirst());
    }

    @ParameterizedTest
    @CsvSource({
        "14, undersize_packets",
        "63, undersize_packets",
        "64, size_64_packets",
        "65, size_65_127_packets",
        "127, size_65_127_packets",
        "128, size_128_255_packets",
        "255, size_128_255_packets",
        "256, size_256_511_packets",
        "511, size_256_511_packets",
        "512, size_512_1023_packets",
        "1023, size_512_1023_packets",
        "1024, size_1024_1518_packets",
        "1518, size_1024_1518_packets",
        "1519, size_1519_max_packets",
        "9000, size_1519_max_packets"
    })
    void shouldCountBySize(int bytes, String name) {
        try (NetRig receive = new NetRig(false, NetRig.RECEIVE, 8, NetRig.MODERN, NetRig.PLAIN);
                NetRig transmit = new NetRig(true, NetRig.TRANSMIT, 8, NetRig.MODERN, NetRig.PLAIN)) {
            receive.offer(10000);
            assertEquals(1, receive.enqueue(receive.packet(NetRig.frame(bytes, 1))));
            transmit.send(NetRig.frame(bytes, 1));
            transmit.dequeueBytes();
            for (NetRig rig : List.of(receive, transmit)) {
                assertEquals(1, rig.stat(name));
                assertEquals(1, rig.stat("good_packets"));
                assertEquals(bytes, rig.stat("good_bytes"));
                long bins = DPDK.subList(4, 12).stream().mapToLong(rig::stat).sum();
                assertEquals(1, bins, "exactly one bin");
            }
        }
    }

    @Test
    void shouldCountByDestination() {
        try (NetRig rig = new NetRig(false, NetRig.RECEIVE, 8, NetRig.MODERN, NetRig.PLAIN)) {
            rig.offerMany(3, 200);
            byte[] multicast = NetRig.frame(60, 1);
            multicast[0] = 1;
            byte[] broadcast = NetRig.frame(60, 1);
            java.util.Arrays.fill(broadcast, 0, 6, (byte) 0xFF);
            assertEquals(3, rig.enqueue(rig.packet(multicast), rig.packet(broadcast), rig.packet(NetRig.frame(60, 1))));
            assertEquals(1, rig.stat("multicast_packets"));
            assertEquals(1, rig.stat("broadcast_packets"));
            rig.queue.resetStats();
            assertEquals(0, rig.stat("good_packets"));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldCountNothingIfSwitchedOff(boolean packed) {
        NetOptions off = new NetOptions(false, false, false, false);
        try (NetRig rig = new NetRig(packed, NetRig.TRANSMIT, 8, NetRig.MODERN, off)) {
            rig.send(NetRig.frame(60, 1));
            rig.dequeueBytes();
            assertEquals(0, rig.queue.stats(new long[64]));
        }
    }

    @Test
    void shouldNotLookAtDataThatIsNotThere() {
        try (NetRig rig = new NetRig(false, NetRig.RECEIVE, 8, NetRig.MODERN, NetRig.PLAIN)) {
            rig.offer(200);
            Packet packet = rig.packet(NetRig.frame(2048, 1));
            packet.adjust(2048);
            assertEquals(1, rig.enqueue(packet));
            assertEquals(12, rig.received().getFirst().length);
            assertEquals(1, rig.stat("undersize_packets"));
        }
    }
}
