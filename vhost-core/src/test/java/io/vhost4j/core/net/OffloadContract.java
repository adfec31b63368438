// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.VirtioFeature;
import io.vhost4j.core.net.Frames.Frame;
import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketFlags;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Offloads between packets and headers, by whatever path the packets go. */
abstract class OffloadContract extends ByAnyPath {
    private static final long HOST = NetRig.MODERN
            | VirtioFeature.maskOf(
                    VirtioFeature.CSUM, VirtioFeature.HOST_TSO4, VirtioFeature.HOST_TSO6, VirtioFeature.HOST_UFO);
    private static final long GUEST = NetRig.MODERN
            | VirtioFeature.maskOf(
                    VirtioFeature.GUEST_CSUM,
                    VirtioFeature.GUEST_TSO4,
                    VirtioFeature.GUEST_TSO6,
                    VirtioFeature.GUEST_UFO);
    private static final NetOptions COMPLIANT = new NetOptions(true, false, false, true);

    private static long request(Frame frame) {
        return frame.protocol() == Frames.TCP
                ? PacketFlags.TX_TCP_CKSUM
                : frame.protocol() == Frames.UDP ? PacketFlags.TX_UDP_CKSUM : PacketFlags.TX_SCTP_CKSUM;
    }

    private static long version(Frame frame) {
        return frame.ipv6() ? PacketFlags.TX_IPV6 : PacketFlags.TX_IPV4;
    }

    private static byte[] csumHeader(Frame frame) {
        return Frames.header(1, 0, 0, 0, frame.l4Start(), frame.checksumOffset());
    }

    private static Packet dequeue(NetRig rig, byte[] header, byte[] frame) {
        rig.send(header, frame);
        List<Packet> got = rig.dequeue(1);
        assertEquals(1, got.size(), "packets");
        rig.driver.collect();
        return got.getFirst();
    }

    // ---- from the guest ----

    @ParameterizedTest
    @CsvSource({
        "0,false,0,6",
        "0,false,0,17",
        "0,false,0,132",
        "1,false,0,6",
        "2,false,0,17",
        "0,true,0,6",
        "0,true,0,17",
        "0,true,1,6",
        "1,true,2,17",
        "2,true,3,132"
    })
    void shouldDescribeAMissingChecksum(int tags, boolean ipv6, int extensions, int protocol) {
        Frame frame = Frames.frame(tags, ipv6, extensions, protocol, 101, 1);
        for (boolean packed : new boolean[] {false, true}) {
            try (NetRig rig = rig(packed, NetRig.TRANSMIT, 8, HOST, NetRig.PLAIN)) {
                Packet packet = dequeue(rig, csumHeader(frame), frame.bytes());
                assertEquals(request(frame) | version(frame), packet.olFlags());
                assertEquals(frame.l2(), packet.l2Length());
                assertEquals(frame.l3(), packet.l3Length());
                assertArrayEquals(frame.bytes(), NetRig.bytesOf(packet), "not changed");
                packet.free();
            }
            try (NetRig rig = rig(packed, NetRig.TRANSMIT, 8, HOST, COMPLIANT)) {
                Packet packet = dequeue(rig, csumHeader(frame), frame.bytes());
                assertEquals(PacketFlags.RX_L4_CKSUM_NONE, packet.olFlags());
                assertArrayEquals(frame.bytes(), NetRig.bytesOf(packet), "not changed");
                packet.free();
                packet = dequeue(rig, Frames.header(2, 0, 0, 0, 0, 0), frame.bytes());
                assertEquals(PacketFlags.RX_L4_CKSUM_GOOD, packet.olFlags());
                packet.free();
                packet = dequeue(rig, new byte[12], frame.bytes());
                assertEquals(0, packet.olFlags());
                packet.free();
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1,false,6", "4,true,6", "129,false,6", "132,true,6", "3,false,17", "3,true,17"})
    void shouldDescribeSegmentation(int gso, boolean ipv6, int protocol) {
        Frame frame = Frames.frame(0, ipv6, 0, protocol, 5000, 2);
        byte[] header = Frames.header(1, gso, 99, 1400, frame.l4Start(), frame.checksumOffset());
        try (NetRig rig = rig(false, NetRig.TRANSMIT, 8, HOST, NetRig.PLAIN)) {
            Packet packet = dequeue(rig, header, frame.bytes());
            long kind = protocol == Frames.UDP ? PacketFlags.TX_UDP_SEG : PacketFlags.TX_TCP_SEG;
            assertEquals(request(frame) | version(frame) | kind, packet.olFlags());
            assertEquals(frame.l4(), packet.l4Length(), "hdr_len of the guest is not believed");
            assertEquals(1400, packet.tsoSegmentSize());
            packet.free();
        }
        try (NetRig rig = rig(true, NetRig.TRANSMIT, 8, HOST, COMPLIANT)) {
            Packet packet = dequeue(rig, header, frame.bytes());
            assertEquals(PacketFlags.RX_L4_CKSUM_NONE | PacketFlags.RX_LRO, packet.olFlags());
            assertEquals(1400, packet.tsoSegmentSize());
            packet.free();
        }
    }

    /** A checksum where no known protocol has it, as in a tunnel: nobody later would know how to fill it in. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 900, 901, 3000, 3001})
    void shouldComputeAChecksumThatFlagsCannotDescribe(int payload) {
        Frame inner = Frames.frame(0, false, 0, Frames.UDP, payload, payload);
        Frame outer = Frames.frame(0, false, 0, Frames.UDP, inner.bytes().length, 3);
        byte[] bytes = outer.bytes().clone();
        int shift = bytes.length - inner.bytes().length;
        System.arraycopy(inner.bytes(), 0, bytes, shift, inner.bytes().length);
        byte[] header = Frames.header(1, 0, 0, 0, shift + inner.l4Start(), inner.checksumOffset());
        for (NetOptions options : List.of(NetRig.PLAIN, COMPLIANT)) {
            try (NetRig rig = rig(false, NetRig.TRANSMIT, 8, HOST, options)) {
                Packet packet = dequeue(rig, header, bytes);
                byte[] got = NetRig.bytesOf(packet);
                assertTrue(Frames.isRight(inner, Arrays.copyOfRange(got, shift, got.length)));
                assertEquals(options.compliantFlags() ? PacketFlags.RX_L4_CKSUM_GOOD : 0, packet.olFlags());
                packet.free();
            }
        }
    }

    @Test
    void shouldDropLyingHeaders() {
        Frame tcp = Frames.frame(0, false, 0, Frames.TCP, 100, 1);
        Frame udp = Frames.frame(0, false, 0, Frames.UDP, 100, 1);
        int length = tcp.bytes().length;
        byte[] shortTcp = Arrays.copyOf(tcp.bytes(), tcp.l4Start() + 10);
        byte[] shortUdp = Arrays.copyOf(udp.bytes(), udp.l4Start() + 7);
        try (NetRig rig = rig(false, NetRig.TRANSMIT, 64, HOST, NetRig.PLAIN)) {
            rig.send(Frames.header(1, 0, 0, 0, length - 1, 0), tcp.bytes());
            rig.send(Frames.header(1, 0, 0, 0, 34, length - 35), tcp.bytes());
            rig.send(Frames.header(1, 0, 0, 0, 0xFFFF, 0xFFFF), tcp.bytes());
            rig.send(Frames.header(1, 1, 0, 0, 34, 16), tcp.bytes());
            rig.send(Frames.header(1, 2, 0, 100, 34, 16), tcp.bytes());
            rig.send(Frames.header(1, 0x7F, 0, 100, 34, 16), tcp.bytes());
            rig.send(Frames.header(1, 1, 0, 100, 34, 6), udp.bytes());
            rig.send(Frames.header(1, 3, 0, 100, 34, 16), tcp.bytes());
            rig.send(Frames.header(0, 1, 0, 100, 0, 0), shortTcp);
            rig.send(Frames.header(0, 3, 0, 100, 0, 0), shortUdp);
            rig.send(Frames.header(0, 1, 0, 100, 0, 0), new byte[14]);
            rig.send(Frames.header(0, 1, 0, 100, 0, 0), NetRig.frame(5000, 4));
            rig.send(new byte[12], NetRig.frame(60, 5));
            List<Packet> got = rig.dequeue(32);
            assertEquals(1, got.size());
            assertArrayEquals(NetRig.frame(60, 5), NetRig.bytesOf(got.getFirst()));
            assertEquals(0, got.getFirst().olFlags());
            got.forEach(Packet::free);
            assertEquals(12, rig.stat("malformed_chains"));
            assertEquals(13, rig.driver.collect().size());
        }
    }

    @Test
    void shouldNotLookAtHeadersIfNothingWasAgreed() {
        Frame tcp = Frames.frame(0, false, 0, Frames.TCP, 100, 1);
        try (NetRig rig = rig(false, NetRig.TRANSMIT, 64, NetRig.MODERN, NetRig.PLAIN)) {
            Packet packet = dequeue(rig, Frames.header(1, 1, 9, 9, 0xFFFF, 9), tcp.bytes());
            assertEquals(0, packet.olFlags());
            packet.free();
        }
    }

    // ---- to the guest ----

    private static Packet packet(NetRig rig, Frame frame, long flags, int segmentBytes) {
        Packet packet = rig.packet(frame.bytes(), segmentBytes);
        packet.setOlFlags(flags | version(frame));
        packet.setHeaderLengths(frame.l2(), frame.l3(), frame.l4());
        return packet;
    }

    private static byte[] enqueue(NetRig rig, Packet packet) {
        rig.offer(9000);
        assertEquals(1, rig.enqueue(packet));
        List<byte[]> got = rig.received();
        assertEquals(1, got.size());
        return got.getFirst();
    }

    private static int field(byte[] header, int at) {
        return header[at] & 0xFF | (header[at + 1] & 0xFF) << 8;
    }

    @ParameterizedTest
    @CsvSource({"0,false,6", "1,true,17", "2,false,132"})
    void shouldAskTheGuestForTheChecksum(int tags, boolean ipv6, int protocol) {
        Frame frame = Frames.frame(tags, ipv6, 0, protocol, 77, 1);
        for (boolean packed : new boolean[] {false, true}) {
            try (NetRig rig = rig(packed, NetRig.RECEIVE, 8, GUEST, NetRig.PLAIN)) {
                byte[] got = enqueue(rig, packet(rig, frame, request(frame), 60));
                assertEquals(1, got[0]);
                assertEquals(0, got[1]);
                assertEquals(frame.l4Start(), field(got, 6));
                assertEquals(frame.checksumOffset(), field(got, 8));
                assertEquals(1, field(got, 10));
                assertArrayEquals(frame.bytes(), Arrays.copyOfRange(got, 12, got.length));
                got = enqueue(rig, rig.packet(frame.bytes()));
                assertArrayEquals(Frames.header(0, 0, 0, 0, 0, 0), withoutCount(got));
            }
        }
    }

    private static byte[] withoutCount(byte[] got) {
        byte[] header = Arrays.copyOf(got, 12);
        header[10] = 0;
        return header;
    }

    @ParameterizedTest
    @CsvSource({"false,6,1", "true,6,4", "false,17,3", "true,17,3"})
    void shouldTellTheGuestOfSegments(boolean ipv6, int protocol, int gso) {
        Frame frame = Frames.frame(0, ipv6, 0, protocol, 5000, 1);
        long kind = protocol == Frames.UDP ? PacketFlags.TX_UDP_SEG : PacketFlags.TX_TCP_SEG;
        try (NetRig rig = rig(false, NetRig.RECEIVE, 8, GUEST, NetRig.PLAIN)) {
            Packet packet = packet(rig, frame, kind, 2000);
            packet.setTsoSegmentSize(1448);
            byte[] got = enqueue(rig, packet);
            int headers = frame.l4Start() + frame.l4();
            byte[] expected = Frames.header(1, gso, headers, 1448, frame.l4Start(), frame.checksumOffset());
            assertArrayEquals(expected, withoutCount(got));
        }
        try (NetRig rig = rig(false, NetRig.RECEIVE, 8, NetRig.MODERN, NetRig.PLAIN)) {
            rig.offer(9000);
            Packet packet = packet(rig, frame, kind, 2000);
            packet.setTsoSegmentSize(1448);
            assertEquals(1, rig.enqueue(packet));
            assertEquals(0, rig.received().size(), "not for a guest that cannot take it");
            assertEquals(1, rig.stat("oversize_packets"));
        }
    }

    @ParameterizedTest
    @CsvSource({"false,6", "true,6", "false,17", "true,17"})
    void shouldComputeWhatTheGuestDoesNot(boolean ipv6, int protocol) {
        for (int payload = 0; payload < 40; payload++) {
            for (int segment : new int[] {2048, 61, 60, 33}) {
                Frame frame = Frames.frame(0, ipv6, 0, protocol, payload, payload);
                try (NetRig rig = rig(false, NetRig.RECEIVE, 8, NetRig.MODERN, NetRig.PLAIN)) {
                    // the headers have to be in the first segment
                    int first = Math.max(segment, frame.l4Start());
                    byte[] got = enqueue(rig, packet(rig, frame, request(frame), first));
                    byte[] bytes = Arrays.copyOfRange(got, 12, got.length);
                    assertTrue(Frames.isRight(frame, bytes), "payload " + payload + " segments of " + first);
                    assertArrayEquals(Frames.header(0, 0, 0, 0, 0, 0), withoutCount(got));
                }
            }
        }
    }

    @Test
    void shouldWriteAUdpSumOfZeroAsAllOnes() {
        // change the last two bytes so that the sum comes out as zero
        Frame frame = Frames.frame(0, false, 0, Frames.UDP, 10, 1);
        byte[] bytes = frame.bytes();
        int end = bytes.length - 2;
        Frames.setChecksum(bytes, end, 0);
        int rest = Frames.sum(bytes, frame.l4Start(), bytes.length - frame.l4Start());
        Frames.setChecksum(bytes, end, 0xFFFF - rest);
        try (NetRig rig = rig(false, NetRig.RECEIVE, 8, NetRig.MODERN, NetRig.PLAIN)) {
            byte[] got = enqueue(rig, packet(rig, frame, request(frame), 2048));
            assertEquals(0xFFFF, field(got, 12 + frame.checksumAt()));
        }
    }

    @Test
    void shouldFillInTheChecksumOfTheIpHeader() {
        Frame frame = Frames.frame(1, false, 0, Frames.TCP, 10, 1);
        try (NetRig rig = rig(false, NetRig.RECEIVE, 8, GUEST, NetRig.PLAIN)) {
            byte[] got = enqueue(rig, packet(rig, frame, PacketFlags.TX_IP_CKSUM, 2048));
            assertEquals(0xFFFF, Frames.sum(got, 12 + frame.l2(), 20));
        }
    }

    @Test
    void shouldDropRequestsThatDoNotFitThePacket() {
        Frame frame = Frames.frame(0, false, 0, Frames.TCP, 10, 1);
        try (NetRig rig = rig(false, NetRig.RECEIVE, 8, GUEST, NetRig.PLAIN)) {
            rig.offer(1000);
            Packet headersTooLong = packet(rig, frame, PacketFlags.TX_TCP_CKSUM, 2048);
            headersTooLong.setHeaderLengths(14, 65535, 20);
            Packet fieldOutside = packet(rig, frame, PacketFlags.TX_TCP_CKSUM, 2048);
            fieldOutside.setHeaderLengths(14, frame.bytes().length - 14 - 17, 20);
            assertEquals(2, rig.enqueue(headersTooLong, fieldOutside));
            assertEquals(0, rig.received().size());
            assertEquals(2, rig.stat("oversize_packets"));
        }
    }
}
