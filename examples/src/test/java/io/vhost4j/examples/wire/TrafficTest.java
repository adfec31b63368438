// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketFlags;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TrafficTest {
    private static final int STREAM = 7;

    private final PacketRig rig = new PacketRig();
    private final Packet[] packets = new Packet[8];
    private final TrafficSink sink = new TrafficSink(STREAM);

    @BeforeEach
    void make() {
        TrafficSource source = new TrafficSource(rig.pool(), STREAM, 2, 4, 60, 64, 1518, 9000);
        assertEquals(8, source.make(packets, 0, 8));
        assertEquals(8, source.made());
    }

    @AfterEach
    void close() {
        rig.pool().freeBulk(packets, 0, packets.length);
        rig.close();
    }

    @Test
    void shouldAcceptWhatTheSourceMade() {
        assertEquals(60, packets[0].packetLength());
        assertEquals(9000, packets[3].packetLength());
        assertTrue(packets[3].segmentCount() > 1);
        sink.check(packets, 0, 8);
        assertCounts(8, 0, 0);
        assertEquals(2 * (60 + 64 + 1518 + 9000), sink.goodBytes());
        assertEquals("", sink.firstFault());
    }

    @Test
    void shouldFindEveryDamagedByte() {
        byte[] frame = PacketRig.bytes(packets[1]);
        for (int at = TrafficSource.LENGTH_AT; at < frame.length; at++) {
            TrafficSink fresh = new TrafficSink(STREAM);
            byte[] damaged = frame.clone();
            damaged[at] ^= 1;
            Packet packet = rig.packet(damaged);
            fresh.check(new Packet[] {packet}, 0, 1);
            packet.free();
            assertEquals(1, fresh.bad(), "byte " + at);
            assertEquals(0, fresh.good(), "byte " + at);
        }
    }

    @Test
    void shouldFindDamageInLaterSegments() {
        Packet last = packets[3];
        while (last.next() != null) {
            last = last.next();
        }
        last.setByte(last.dataLength() - 1, (byte) ~last.getByte(last.dataLength() - 1));
        sink.check(packets, 0, 8);
        assertCounts(7, 1, 0);
        assertTrue(sink.firstFault().contains("sequence number 3"), sink.firstFault());
    }

    @Test
    void shouldFindTruncation() {
        packets[2].trim(1);
        sink.check(packets, 0, 4);
        assertEquals(1, sink.bad());
    }

    @Test
    void shouldFindLossDoublesAndDisorder() {
        sink.check(packets, 0, 2);
        sink.check(packets, 4, 1);
        assertCounts(3, 0, 2);
        sink.check(packets, 4, 1);
        sink.check(packets, 2, 1);
        assertCounts(3, 2, 2);
    }

    @Test
    void shouldTellForeignPackets() {
        TrafficSink other = new TrafficSink(STREAM + 1);
        other.check(packets, 0, 8);
        assertEquals(8, other.foreign());
        assertEquals(0, other.bad());
    }

    @Test
    void shouldStopWhenThePoolIsEmpty() {
        int before = rig.pool().inUse();
        Packet[] many = new Packet[rig.pool().size()];
        TrafficSource large = new TrafficSource(rig.pool(), STREAM, 2, 4, 9000);
        int made = large.make(many, 0, many.length);
        assertTrue(made > 0 && made < many.length / 2, made + " packets");
        assertEquals(made, large.made());
        rig.pool().freeBulk(many, 0, made);
        assertEquals(before, rig.pool().inUse());
    }

    @Test
    void shouldExchangeAddresses() {
        Packet packet = rig.packet("0102030405060708090a0b0c0800ff");
        Ethernet.swapAddresses(packet);
        assertArrayEquals(PacketRig.bytes("0708090a0b0c0102030405060800ff"), PacketRig.bytes(packet));
        packet.free();
        Packet runt = rig.packet("0102030405060708090a0b");
        Ethernet.swapAddresses(runt);
        assertArrayEquals(PacketRig.bytes("0102030405060708090a0b"), PacketRig.bytes(runt));
        runt.free();
    }

    @Test
    void shouldTranslateOffloadsOfATcpSegment() {
        byte[] frame = new byte[100];
        frame[12] = 0x08;
        frame[14] = 0x46; // 24 bytes
        frame[23] = 6;
        frame[14 + 24 + 12] = (byte) 0x80; // 32 bytes
        Packet packet = rig.packet(frame);
        packet.setOlFlags(PacketFlags.RX_L4_CKSUM_NONE | PacketFlags.RX_LRO);
        packet.setTsoSegmentSize(1448);
        OffloadTranslator.toTransmit(packet);
        assertEquals(
                PacketFlags.TX_IPV4 | PacketFlags.TX_IP_CKSUM | PacketFlags.TX_TCP_CKSUM | PacketFlags.TX_TCP_SEG,
                packet.olFlags());
        assertEquals(14, packet.l2Length());
        assertEquals(24, packet.l3Length());
        assertEquals(32, packet.l4Length());
        packet.setOlFlags(PacketFlags.RX_L4_CKSUM_GOOD);
        OffloadTranslator.toTransmit(packet);
        assertEquals(0, packet.olFlags());
        packet.free();
    }

    private void assertCounts(long good, long bad, long missing) {
        assertEquals(good, sink.good());
        assertEquals(bad, sink.bad());
        assertEquals(missing, sink.missing());
    }
}
