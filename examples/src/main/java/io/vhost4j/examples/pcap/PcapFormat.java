// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.pcap;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Blocks of the pcapng format (draft-ietf-opsawg-pcapng §4), little-endian. */
final class PcapFormat {
    private static final int SECTION_HEADER = 0x0A0D_0D0A;
    private static final int BYTE_ORDER_MAGIC = 0x1A2B_3C4D;
    private static final int SECTION_HEADER_LENGTH = 28;
    private static final long LENGTH_UNKNOWN = -1;

    private static final int INTERFACE_DESCRIPTION = 1;
    private static final short LINK_ETHERNET = 1;
    private static final int SNAP_LENGTH = 262144;
    private static final short OPTION_NAME = 2;
    private static final short OPTION_TIME_RESOLUTION = 9;
    private static final byte NANOSECONDS = 9; // 10^-9 s

    private static final int ENHANCED_PACKET = 6;
    private static final int ENHANCED_PACKET_HEAD = 28;
    private static final int ENHANCED_PACKET_TAIL = 16; // flags option (8), end of options (4), length (4)
    private static final short OPTION_FLAGS = 2;
    private static final int INBOUND = 1;
    private static final int OUTBOUND = 2;

    private PcapFormat() {}

    static ByteBuffer order(ByteBuffer buffer) {
        return buffer.order(ByteOrder.LITTLE_ENDIAN);
    }

    /** The section header and a description of each interface. */
    static ByteBuffer header(List<String> interfaces) {
        List<byte[]> names = interfaces.stream()
                .map(name -> name.getBytes(StandardCharsets.UTF_8))
                .toList();
        int bytes = SECTION_HEADER_LENGTH
                + names.stream().mapToInt(PcapFormat::interfaceLength).sum();
        ByteBuffer buffer = order(ByteBuffer.allocate(bytes));
        buffer.putInt(SECTION_HEADER).putInt(SECTION_HEADER_LENGTH).putInt(BYTE_ORDER_MAGIC);
        buffer.putShort((short) 1).putShort((short) 0).putLong(LENGTH_UNKNOWN).putInt(SECTION_HEADER_LENGTH);
        for (byte[] name : names) {
            putInterface(buffer, name);
        }
        return buffer.flip();
    }

    /** Bytes of a packet's block. */
    static int blockLength(int packetLength) {
        return ENHANCED_PACKET_HEAD + padded(packetLength) + ENHANCED_PACKET_TAIL;
    }

    /** Writes what comes before a packet's bytes. */
    static void beginPacket(ByteBuffer buffer, int port, long nanos, int length) {
        buffer.putInt(ENHANCED_PACKET).putInt(blockLength(length)).putInt(port);
        buffer.putInt((int) (nanos >>> 32)).putInt((int) nanos);
        buffer.putInt(length).putInt(length);
    }

    /** Writes what comes after a packet's bytes. */
    static void endPacket(ByteBuffer buffer, boolean inbound, int length) {
        pad(buffer, length);
        buffer.putShort(OPTION_FLAGS).putShort((short) Integer.BYTES).putInt(inbound ? INBOUND : OUTBOUND);
        buffer.putInt(0).putInt(blockLength(length));
    }

    private static int interfaceLength(byte[] name) {
        return 16 + 4 + padded(name.length) + 8 + 4 + 4;
    }

    private static void putInterface(ByteBuffer buffer, byte[] name) {
        int length = interfaceLength(name);
        buffer.putInt(INTERFACE_DESCRIPTION).putInt(length);
        buffer.putShort(LINK_ETHERNET).putShort((short) 0).putInt(SNAP_LENGTH);
        buffer.putShort(OPTION_NAME).putShort((short) name.length).put(name);
        pad(buffer, name.length);
        buffer.putShort(OPTION_TIME_RESOLUTION).putShort((short) 1).put(NANOSECONDS);
        pad(buffer, 1);
        buffer.putInt(0).putInt(length);
    }

    private static int padded(int length) {
        return (length + 3) & ~3;
    }

    private static void pad(ByteBuffer buffer, int length) {
        for (int i = length; i < padded(length); i++) {
            buffer.put((byte) 0);
        }
    }
}
