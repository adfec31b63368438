// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.virtiouser;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vhost4j.core.pool.BufferPool;
import io.vhost4j.core.pool.PooledPacket;
import io.vhost4j.packet.PacketFlags;
import io.vhost4j.packet.PacketPool;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Headers by the bytes of virtio 1.2 §5.1.6: flags, gso_type, hdr_len, gso_size, csum_start, csum_offset, num_buffers. */
class NetHeaderCodecTest {
    private static final int BYTES = 12;

    private final BufferPool pool = new BufferPool(PacketPool.builder().count(16));
    private final Arena arena = Arena.ofConfined();

    @AfterEach
    void closePool() {
        arena.close();
        pool.close();
    }

    /** Flags of a packet with headers of 14, 20 and 20 bytes and segments of 1448, and its header. */
    static Stream<Arguments> sent() {
        return Stream.of(
                Arguments.of(0L, "00 00 0000 0000 0000 0000 0000"),
                Arguments.of(PacketFlags.TX_IPV4, "00 00 0000 0000 0000 0000 0000"),
                Arguments.of(PacketFlags.TX_TCP_CKSUM | PacketFlags.TX_IPV4, "01 00 0000 0000 2200 1000 0000"),
                Arguments.of(PacketFlags.TX_UDP_CKSUM | PacketFlags.TX_IPV6, "01 00 0000 0000 2200 0600 0000"),
                Arguments.of(PacketFlags.TX_SCTP_CKSUM, "01 00 0000 0000 2200 0800 0000"),
                Arguments.of(PacketFlags.TX_TCP_SEG | PacketFlags.TX_IPV4, "01 01 3600 a805 2200 1000 0000"),
                Arguments.of(PacketFlags.TX_TCP_SEG | PacketFlags.TX_IPV6, "01 04 3600 a805 2200 1000 0000"),
                Arguments.of(PacketFlags.TX_UDP_SEG | PacketFlags.TX_IPV4, "01 03 3600 a805 2200 0600 0000"));
    }

    @ParameterizedTest
    @MethodSource("sent")
    void shouldWriteWhatThePacketWants(long flags, String expected) {
        PooledPacket packet = packet(200);
        packet.setOlFlags(flags);
        packet.setHeaderLengths(14, 20, 20);
        packet.setTsoSegmentSize(1448);
        MemorySegment header = arena.allocate(BYTES).fill((byte) 0xEE);
        NetHeaderCodec.write(header.address(), packet);
        assertArrayEquals(bytes(expected), header.toArray(ValueLayout.JAVA_BYTE));
        packet.free();
    }

    @Test
    void shouldFillTheIpChecksumWhichNoDeviceComputes() {
        PooledPacket packet = packet(34);
        byte[] ip = bytes("45000073 00004000 4011 eeee c0a80001 c0a800c7");
        packet.setBytes(14, ip, 0, ip.length);
        packet.setOlFlags(PacketFlags.TX_IP_CKSUM | PacketFlags.TX_IPV4);
        packet.setHeaderLengths(14, 20, 0);
        NetHeaderCodec.write(arena.allocate(BYTES).address(), packet);
        assertEquals(0xb861, packet.getUnsignedShort(14 + 10));
        packet.free();
    }

    @Test
    void shouldLeavePacketAloneThatHasNoWholeIpHeader() {
        PooledPacket packet = packet(30);
        byte[] before = RingRig.bytesOf(packet);
        packet.setOlFlags(PacketFlags.TX_IP_CKSUM | PacketFlags.TX_IPV4);
        packet.setHeaderLengths(14, 20, 0);
        NetHeaderCodec.write(arena.allocate(BYTES).address(), packet);
        assertArrayEquals(before, RingRig.bytesOf(packet));
        packet.free();
    }

    /** Headers, and what they say of a packet of 200 bytes: flags and segment size. */
    static Stream<Arguments> received() {
        long lro = PacketFlags.RX_LRO;
        long none = PacketFlags.RX_L4_CKSUM_NONE;
        return Stream.of(
                Arguments.of("00 00 0000 0000 0000 0000 0100", 0L, 0),
                Arguments.of("02 00 0000 0000 0000 0000 0100", PacketFlags.RX_L4_CKSUM_GOOD, 0),
                Arguments.of("01 00 0000 0000 2200 1000 0100", none, 0),
                Arguments.of("01 01 3600 a805 2200 1000 0100", none | lro, 1448),
                Arguments.of("01 84 3600 a805 2200 1000 0100", none | lro, 1448),
                Arguments.of("01 03 3600 a805 2200 0600 0100", none | lro, 1448),
                // the checksum's end at the packet's end, and one byte beyond
                Arguments.of("01 00 0000 0000 b600 1000 0100", none, 0),
                Arguments.of("01 00 0000 0000 b700 1000 0100", 0L, 0),
                Arguments.of("01 00 0000 0000 ffff ffff 0100", 0L, 0),
                Arguments.of("01 00 0000 0000 0d00 1000 0100", 0L, 0),
                Arguments.of("00 01 0000 0000 0000 0000 0100", 0L, 0),
                Arguments.of("00 7f 0000 a805 0000 0000 0100", 0L, 0));
    }

    @ParameterizedTest
    @MethodSource("received")
    void shouldReadWhatMakesSense(String header, long flags, int segment) {
        PooledPacket packet = packet(200);
        MemorySegment bytes = arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes(header));
        NetHeaderCodec.read(bytes.address(), packet);
        assertEquals(flags, packet.olFlags());
        assertEquals(segment, packet.tsoSegmentSize());
        packet.free();
    }

    private PooledPacket packet(int length) {
        PooledPacket packet = Objects.requireNonNull(pool.allocate());
        packet.append(length);
        byte[] zeros = new byte[length];
        Arrays.fill(zeros, (byte) 0x5A);
        packet.setBytes(0, zeros, 0, length);
        return packet;
    }

    private static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex.replace(" ", ""));
    }
}
