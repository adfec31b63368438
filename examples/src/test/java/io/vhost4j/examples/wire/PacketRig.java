// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.wire;

import io.vhost4j.packet.Packet;
import io.vhost4j.packet.PacketPool;
import java.util.HexFormat;
import java.util.Objects;

/** Packets of bytes and back. */
public final class PacketRig implements AutoCloseable {
    private final PacketPool pool =
            PacketPool.builder().count(256).dataRoom(256).leakTracking(true).build();

    /** A pool of 256 buffers of 256 bytes. */
    public PacketPool pool() {
        return pool;
    }

    /** A packet with these bytes. */
    public Packet packet(byte[] bytes) {
        return Objects.requireNonNull(Frames.packetOf(pool, bytes, 0, bytes.length));
    }

    /** A packet with the bytes of a hex text. */
    public Packet packet(String hex) {
        return packet(bytes(hex));
    }

    /** The bytes of a hex text; white space is left out. */
    public static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex.replaceAll("\\s", ""));
    }

    /** A packet's bytes. */
    public static byte[] bytes(Packet packet) {
        byte[] bytes = new byte[packet.packetLength()];
        packet.copyTo(0, bytes, 0, bytes.length);
        return bytes;
    }

    @Override
    public void close() {
        pool.close(); // fails if a test left a packet over
    }
}
