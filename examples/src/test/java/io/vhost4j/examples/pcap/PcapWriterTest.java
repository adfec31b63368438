// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.pcap;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.examples.cli.CommandFailure;
import io.vhost4j.examples.wire.PacketRig;
import io.vhost4j.packet.Packet;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reads captures back by the layout of the pcapng draft. */
class PcapWriterTest {
    private static final int ENHANCED_PACKET = 6;

    private record Block(int type, byte[] body) {}

    @TempDir
    Path folder;

    @Test
    void shouldWriteWholePacketsWithPortTimeAndDirection() throws IOException {
        Path file = folder.resolve("a.pcapng");
        List<String> failures = new ArrayList<>();
        long before = System.currentTimeMillis();
        byte[] small = {1, 2, 3, 4, 5};
        byte[] large = new byte[1000]; // chained: the rig's buffers have 256 bytes
        for (int i = 0; i < large.length; i++) {
            large[i] = (byte) i;
        }
        try (PacketRig rig = new PacketRig();
                PcapWriter writer = PcapWriter.open(file, List.of("/a", "/b-socket"), failures::add)) {
            PcapTap tap = writer.tap();
            Packet[] packets = {rig.packet(small), rig.packet(large)};
            tap.record(0, true, packets, 0, 1);
            tap.record(1, false, packets, 1, 1);
            tap.flush();
            rig.pool().freeBulk(packets, 0, 2);
            assertEquals(0, writer.dropped());
        }
        assertEquals(List.of(), failures);
        List<Block> blocks = read(file);
        assertEquals(5, blocks.size());
        assertEquals(0x0A0D0D0A, blocks.get(0).type());
        assertInterface(blocks.get(1), "/a");
        assertInterface(blocks.get(2), "/b-socket");
        assertPacket(blocks.get(3), 0, small, 1, before);
        assertPacket(blocks.get(4), 1, large, 2, before);
    }

    @Test
    void shouldCountWhatFindsNoRoomAndNeverWait() throws IOException {
        Path file = folder.resolve("b.pcapng");
        byte[] bytes = new byte[2000];
        long recorded = 0;
        long dropped;
        try (PacketRig rig = new PacketRig();
                PcapWriter writer = PcapWriter.open(file, List.of("/a"), message -> {})) {
            PcapTap tap = writer.tap();
            Packet[] packets = {rig.packet(bytes)};
            for (int i = 0; i < 100_000; i++) {
                tap.record(0, true, packets, 0, 1);
                recorded++;
            }
            tap.flush();
            dropped = writer.dropped();
            packets[0].free();
        }
        assertEquals(recorded, dropped + read(file).size() - 2);
    }

    @Test
    void shouldSayWhenTheFileCannotBeWritten() {
        for (Path file : List.of(Path.of("/dev/full"), folder.resolve("none/a"), folder)) {
            CommandFailure e =
                    assertThrows(CommandFailure.class, () -> PcapWriter.open(file, List.of("/a"), message -> {}));
            assertTrue(e.getMessage().startsWith("--pcap " + file), e.getMessage());
        }
    }

    private static void assertInterface(Block block, String name) {
        ByteBuffer body = body(block);
        assertEquals(1, block.type());
        assertEquals(1, body.getShort(0)); // Ethernet
        assertEquals(2, body.getShort(8)); // if_name
        byte[] text = new byte[body.getShort(10)];
        body.get(12, text);
        assertEquals(name, new String(text, StandardCharsets.UTF_8));
        int next = 12 + (text.length + 3) / 4 * 4;
        assertEquals(9, body.getShort(next)); // if_tsresol
        assertEquals(9, body.get(next + 4)); // nanoseconds
    }

    private static void assertPacket(Block block, int port, byte[] data, int direction, long beforeMillis) {
        ByteBuffer body = body(block);
        assertEquals(ENHANCED_PACKET, block.type());
        assertEquals(port, body.getInt(0));
        long nanos = ((long) body.getInt(4) << 32) | Integer.toUnsignedLong(body.getInt(8));
        long millis = TimeUnit.NANOSECONDS.toMillis(nanos);
        assertTrue(millis >= beforeMillis - 1 && millis <= System.currentTimeMillis() + 1, millis + " ms");
        assertEquals(data.length, body.getInt(12));
        assertEquals(data.length, body.getInt(16));
        byte[] stored = new byte[data.length];
        body.get(20, stored);
        assertArrayEquals(data, stored);
        int options = 20 + (data.length + 3) / 4 * 4;
        assertEquals(2, body.getShort(options)); // epb_flags
        assertEquals(4, body.getShort(options + 2));
        assertEquals(direction, body.getInt(options + 4));
        assertEquals(0, body.getInt(options + 8));
    }

    private static ByteBuffer body(Block block) {
        return ByteBuffer.wrap(block.body()).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static List<Block> read(Path file) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        List<Block> blocks = new ArrayList<>();
        while (bytes.hasRemaining()) {
            int type = bytes.getInt();
            int length = bytes.getInt();
            assertEquals(0, length % 4);
            byte[] body = new byte[length - 12];
            bytes.get(body);
            assertEquals(length, bytes.getInt());
            blocks.add(new Block(type, body));
        }
        return blocks;
    }
}
