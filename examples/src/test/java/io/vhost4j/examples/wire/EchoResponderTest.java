// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketFlags;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The golden frames were accepted, checksums included, by an independent protocol analyser. */
class EchoResponderTest {
    private static final long MAC = 0x02_00_00_00_00_01L;

    private static final String ARP_REQUEST = "ffffffffffff 020000000002 0806 0001 0800 06 04 0001"
            + "020000000002 c0000202 000000000000 c0000201 000000000000000000000000000000000000";
    private static final String ARP_REPLY = "020000000002 020000000001 0806 0001 0800 06 04 0002"
            + "020000000001 c0000201 020000000002 c0000202 000000000000000000000000000000000000";
    private static final String ECHO_REQUEST = "020000000001 020000000002 0800"
            + "4500 0025 0000 0000 4001 f6d4 c0000202 c0000201 0800 f0bb 7634 0001 0726456483a2c1e0ff";
    private static final String ECHO_REPLY = "020000000002 020000000001 0800"
            + "4500 0025 0000 0000 4001 f6d4 c0000201 c0000202 0000 f8bb 7634 0001 0726456483a2c1e0ff";

    private final PacketRig rig = new PacketRig();
    private final EchoResponder responder = new EchoResponder(MAC);

    @AfterEach
    void close() {
        rig.close();
    }

    @Test
    void shouldAnswerArp() {
        assertReply(ARP_REQUEST, ARP_REPLY);
    }

    @Test
    void shouldAnswerEcho() {
        assertReply(ECHO_REQUEST, ECHO_REPLY);
    }

    @Test
    void shouldAnswerWithinVlan() {
        assertReply(tagged(ECHO_REQUEST), tagged(ECHO_REPLY));
        assertReply(tagged(ARP_REQUEST), tagged(ARP_REPLY));
    }

    @Test
    void shouldKeepChecksumsRightWhenTtlChanges() {
        byte[] request = PacketRig.bytes(ECHO_REQUEST);
        request[22] = 17;
        fixIpChecksum(request, 20);
        byte[] reply = reply(request);
        assertEquals(64, reply[22]);
        assertEquals(0, sum(reply, 14, 20));
        assertEquals(0, sum(reply, 34, reply.length - 34));
    }

    @Test
    void shouldKeepOptions() {
        byte[] request = withOptions("94040000"); // router alert
        byte[] reply = reply(request);
        assertEquals(0, sum(reply, 14, 24));
        assertEquals(0, sum(reply, 38, reply.length - 38));
        assertEquals(0x94, reply[34] & 0xFF);
        assertEquals(0, reply[38]);
    }

    @ParameterizedTest
    @ValueSource(strings = {"83070400", "01890304", "890b0400"})
    void shouldRefuseSourceRoutes(String options) {
        assertIgnored(withOptions(options));
    }

    @Test
    void shouldAnswerFragmentsSoThatTheWholeIsRight() {
        byte[] whole = PacketRig.bytes(ECHO_REQUEST);
        byte[] icmp = Arrays.copyOfRange(whole, 34, whole.length);
        byte[] first = fragment(whole, Arrays.copyOfRange(icmp, 0, 8), 0x2000);
        byte[] last = fragment(whole, Arrays.copyOfRange(icmp, 8, icmp.length), 1);
        byte[] firstReply = reply(first);
        byte[] lastReply = reply(last);
        assertEquals(0, sum(firstReply, 14, 20));
        assertEquals(0, sum(lastReply, 14, 20));
        byte[] joined = Arrays.copyOf(Arrays.copyOfRange(firstReply, 34, 42), icmp.length);
        System.arraycopy(lastReply, 34, joined, 8, icmp.length - 8);
        assertArrayEquals(Arrays.copyOfRange(PacketRig.bytes(ECHO_REPLY), 34, whole.length), joined);
    }

    @ParameterizedTest
    @ValueSource(longs = {PacketFlags.TX_TCP_CKSUM, PacketFlags.TX_UDP_CKSUM, PacketFlags.RX_L4_CKSUM_NONE})
    void shouldComputeAChecksumThatTheGuestLeftOut(long flags) {
        byte[] request = PacketRig.bytes(ECHO_REQUEST);
        request[36] = 0x12;
        request[37] = 0x34;
        Packet packet = rig.packet(request);
        packet.setOlFlags(flags);
        assertTrue(responder.reply(packet));
        assertArrayEquals(PacketRig.bytes(ECHO_REPLY), PacketRig.bytes(packet));
        assertEquals(0, packet.olFlags());
        packet.free();
    }

    @Test
    void shouldAnswerChainedPackets() {
        byte[] request = echo(3000);
        byte[] reply = reply(request);
        assertEquals(0, sum(reply, 34, 3008));
        assertArrayEquals(Arrays.copyOfRange(request, 42, 3042), Arrays.copyOfRange(reply, 42, 3042));
    }

    @Test
    void shouldIgnoreWhatAsksForNoAnswer() {
        assertIgnored(with(ARP_REQUEST, 21, 2)); // a reply
        assertIgnored(with(with(PacketRig.bytes(ARP_REQUEST), 31, 1), 28, 0xC0)); // announcement: sender is target
        byte[] probe = PacketRig.bytes(ARP_REQUEST);
        Arrays.fill(probe, 28, 32, (byte) 0);
        assertIgnored(probe);
        assertIgnored(with(ECHO_REQUEST, 34, 0)); // an echo reply
        assertIgnored(with(ECHO_REQUEST, 23, 17)); // UDP
        assertIgnored(with(ECHO_REQUEST, 30, 0xE0)); // to a group
        assertIgnored(with(ECHO_REQUEST, 12, 0x86)); // not IPv4
    }

    @Test
    void shouldIgnoreWhatIsMalformed() {
        assertIgnored(with(ECHO_REQUEST, 14, 0x44)); // header of 16 bytes
        assertIgnored(with(ECHO_REQUEST, 14, 0x4F)); // header of 60 bytes in 37
        assertIgnored(with(ECHO_REQUEST, 14, 0x65)); // version 6
        assertIgnored(with(ECHO_REQUEST, 16, 0xFF)); // longer than the frame
        assertIgnored(with(ECHO_REQUEST, 17, 19)); // shorter than its header
        assertIgnored(with(ECHO_REQUEST, 17, 27)); // shorter than an ICMP header
    }

    @Test
    void shouldSurviveEveryTruncation() {
        for (String golden : new String[] {ECHO_REQUEST, ARP_REQUEST, tagged(ECHO_REQUEST)}) {
            byte[] whole = PacketRig.bytes(golden);
            int shortest = golden.equals(ARP_REQUEST) ? 42 : whole.length;
            for (int length = 1; length < shortest; length++) {
                assertIgnored(Arrays.copyOf(whole, length));
            }
        }
    }

    private void assertReply(String request, String reply) {
        assertArrayEquals(PacketRig.bytes(reply), reply(PacketRig.bytes(request)));
    }

    private byte[] reply(byte[] request) {
        Packet packet = rig.packet(request);
        assertTrue(responder.reply(packet));
        byte[] reply = PacketRig.bytes(packet);
        packet.free();
        return reply;
    }

    private void assertIgnored(byte[] frame) {
        Packet packet = rig.packet(frame);
        assertFalse(responder.reply(packet));
        assertArrayEquals(frame, PacketRig.bytes(packet));
        packet.free();
    }

    private static byte[] with(String golden, int at, int value) {
        return with(PacketRig.bytes(golden), at, value);
    }

    private static byte[] with(byte[] frame, int at, int value) {
        frame[at] = (byte) value;
        return frame;
    }

    private static String tagged(String frame) {
        String digits = frame.replaceAll("\\s", "");
        return digits.substring(0, 24) + "81000005" + digits.substring(24);
    }

    private static byte[] withOptions(String options) {
        byte[] plain = PacketRig.bytes(ECHO_REQUEST);
        byte[] extra = PacketRig.bytes(options);
        byte[] frame = new byte[plain.length + extra.length];
        System.arraycopy(plain, 0, frame, 0, 34);
        System.arraycopy(extra, 0, frame, 34, extra.length);
        System.arraycopy(plain, 34, frame, 34 + extra.length, plain.length - 34);
        frame[14] = 0x46;
        frame[17] += (byte) extra.length;
        fixIpChecksum(frame, 24);
        return frame;
    }

    private static byte[] fragment(byte[] whole, byte[] payload, int flagsAndOffset) {
        byte[] frame = Arrays.copyOf(whole, 34 + payload.length);
        System.arraycopy(payload, 0, frame, 34, payload.length);
        frame[17] = (byte) (20 + payload.length);
        frame[20] = (byte) (flagsAndOffset >>> 8);
        frame[21] = (byte) flagsAndOffset;
        fixIpChecksum(frame, 20);
        return frame;
    }

    private static byte[] echo(int payload) {
        byte[] frame = Arrays.copyOf(PacketRig.bytes(ECHO_REQUEST), 42 + payload);
        for (int i = 42; i < frame.length; i++) {
            frame[i] = (byte) (i * 7);
        }
        frame[16] = (byte) ((28 + payload) >>> 8);
        frame[17] = (byte) (28 + payload);
        fixIpChecksum(frame, 20);
        put(frame, 36, 0);
        put(frame, 36, sum(frame, 34, frame.length - 34));
        return frame;
    }

    private static void fixIpChecksum(byte[] frame, int header) {
        put(frame, 24, 0);
        put(frame, 24, sum(frame, 14, header));
    }

    private static void put(byte[] frame, int at, int value) {
        frame[at] = (byte) (value >>> 8);
        frame[at + 1] = (byte) value;
    }

    /** The checksum as RFC 1071 defines it, written another way than the code under test. */
    private static int sum(byte[] bytes, int from, int length) {
        int sum = 0;
        for (int i = 0; i < length; i++) {
            sum += (bytes[from + i] & 0xFF) << (i % 2 == 0 ? 8 : 0);
            sum = (sum & 0xFFFF) + (sum >>> 16);
        }
        return sum ^ 0xFFFF;
    }
}
