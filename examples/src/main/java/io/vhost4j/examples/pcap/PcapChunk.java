// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.pcap;

import io.vhost4j.packet.Packet;
import java.nio.ByteBuffer;

/** A piece of the capture file on its way to the writer: whole blocks. */
final class PcapChunk {
    static final int BYTES = 1 << 20;

    private final ByteBuffer buffer;

    PcapChunk(int bytes) {
        buffer = PcapFormat.order(ByteBuffer.allocate(bytes));
    }

    /** Adds a packet; false if there is no room for it. */
    boolean add(int port, boolean fromGuest, long nanos, Packet packet) {
        int length = packet.packetLength();
        if (buffer.remaining() < PcapFormat.blockLength(length)) {
            return false;
        }
        PcapFormat.beginPacket(buffer, port, nanos, length);
        packet.copyTo(0, buffer.array(), buffer.position(), length);
        buffer.position(buffer.position() + length);
        PcapFormat.endPacket(buffer, fromGuest, length);
        return true;
    }

    boolean isEmpty() {
        return buffer.position() == 0;
    }

    ByteBuffer contents() {
        return buffer.flip();
    }

    void clear() {
        buffer.clear();
    }
}
