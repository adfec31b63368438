// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.asynccopy.ioat;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.ConfigurationException;
import io.vhost4j.VhostException;
import io.vhost4j.async.DmaChannel;
import io.vhost4j.async.DmaEngine;
import io.vhost4j.asynccopy.ChannelContract;
import io.vhost4j.core.testkit.GuestImage;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The driver with an engine that is simulated at its registers. */
final class IoatChannelTest extends ChannelContract {
    private static final int PAGE = 4096;

    private final IoatSim sim = new IoatSim();
    private final long[] told = new long[64];
    private final Copies copies = new Copies();
    private DmaEngine engine;

    @TempDir
    Path folder;

    @BeforeEach
    void start() {
        engine = new IoatProvider(sim, sim.sysfs(folder)).open(IoatSim.ADDRESS);
    }

    @Override
    protected DmaChannel open() {
        return engine.openChannel();
    }

    @Override
    protected void end() {
        engine.close();
    }

    private long[] told(DmaChannel channel) {
        return Arrays.copyOf(told, channel.checkCompletedCopies(told));
    }

    private void give(DmaChannel channel, long host, long... opaque) {
        copies.clear();
        for (long value : opaque) {
            copies.add(host, host + PAGE, 100, value);
        }
        assertEquals(opaque.length, channel.transferData(copies));
    }

    @Test
    void shouldKeepTheRingsThatShareItApart() {
        try (GuestImage image = GuestImage.of(4 * PAGE);
                DmaChannel one = open();
                DmaChannel two = open()) {
            long host = image.host(GuestImage.BASE, 4 * PAGE);
            one.mapMemory(host, 4 * PAGE);
            two.mapMemory(host, 4 * PAGE);
            assertEquals(2, sim.mappings(), "its own memory, and the guest's once");
            sim.frozen = true;
            give(one, host, 1, 2);
            give(two, host, 1);
            give(one, host, 3);
            assertEquals(0, told(two).length);
            sim.frozen = false;
            sim.run();
            assertArrayEquals(new long[] {1}, told(two));
            assertArrayEquals(new long[] {1, 2, 3}, told(one));
            one.unmapMemory(host, 4 * PAGE);
            give(two, host, 7);
            assertArrayEquals(new long[] {7}, told(two));
            two.unmapMemory(host, 4 * PAGE);
            assertEquals(1, sim.mappings());
        }
        end();
    }

    @Test
    void shouldReportWhatAnErrorHasStopped() {
        try (GuestImage image = GuestImage.of(4 * PAGE);
                DmaChannel channel = open()) {
            long host = image.host(GuestImage.BASE, 4 * PAGE);
            channel.mapMemory(host, 4 * PAGE);
            int resets = sim.channelResets;
            sim.failAt = 2;
            give(channel, host, 1, 2, 3, 4);
            assertArrayEquals(new long[] {1, 2, ~3, ~4}, told(channel));
            assertEquals(resets + 1, sim.channelResets);
            give(channel, host, 5, 6);
            assertArrayEquals(new long[] {5, 6}, told(channel), "goes on");
            channel.unmapMemory(host, 4 * PAGE);
            give(channel, host, 7);
            assertArrayEquals(new long[] {~7}, told(channel), "not mapped any more");
            channel.mapMemory(host, 4 * PAGE);
            sim.lie = host;
            give(channel, host, 8);
            assertArrayEquals(new long[] {~8}, told(channel), "a completion that cannot be");
            give(channel, host, 9);
            assertArrayEquals(new long[] {9}, told(channel));
        }
        end();
    }

    @Test
    void shouldResetAnEngineThatHangs() {
        try (GuestImage image = GuestImage.of(4 * PAGE);
                DmaChannel channel = open();
                DmaChannel bystander = open()) {
            long host = image.host(GuestImage.BASE, 4 * PAGE);
            channel.mapMemory(host, 4 * PAGE);
            sim.frozen = true;
            give(channel, host, 1);
            give(bystander, host, 2);
            channel.cancel();
            sim.frozen = false;
            sim.run();
            assertEquals(0, sim.copies, "nothing is copied after the reset");
            assertEquals(0, told(channel).length);
            assertArrayEquals(new long[] {~2}, told(bystander));
            give(channel, host, 3);
            assertArrayEquals(new long[] {3}, told(channel));
        }
        end();
    }

    @Test
    void shouldCloseAnEngineThatCannotBeReset() {
        try (GuestImage image = GuestImage.of(4 * PAGE);
                DmaChannel channel = open()) {
            long host = image.host(GuestImage.BASE, 4 * PAGE);
            channel.mapMemory(host, 4 * PAGE);
            sim.frozen = true;
            sim.deaf = true;
            give(channel, host, 1);
            channel.cancel();
            assertEquals(1, sim.functionResets);
            assertEquals(1, sim.mappings(), "it cannot reach the guest's memory");
            copies.clear();
            copies.add(host, host + PAGE, 100, 2);
            assertEquals(0, channel.transferData(copies));
            channel.unmapMemory(host, 4 * PAGE);
        }
        end();
    }

    @Test
    void shouldCountBeyondThe16BitsOfTheDoorbell() {
        try (GuestImage image = GuestImage.of(4 * PAGE);
                DmaChannel channel = open()) {
            long host = image.host(GuestImage.BASE, 4 * PAGE);
            channel.mapMemory(host, 4 * PAGE);
            for (long i = 0; i < 70_000; i += 2) {
                give(channel, host, i, i + 1);
                assertArrayEquals(new long[] {i, i + 1}, told(channel));
            }
            assertEquals(70_000, sim.copies);
        }
        end();
    }

    @Test
    void shouldSayWhyAFunctionCannotBeUsed() {
        end();
        IoatProvider provider = new IoatProvider(sim, sim.sysfs(folder.resolve("again")));
        assertThrows(ConfigurationException.class, () -> provider.open("04.0"));
        sim.version = 0x12;
        String old = assertThrows(VhostException.class, () -> provider.open(IoatSim.ADDRESS))
                .getMessage();
        assertTrue(old.contains("0x12"), old);
        sim.version = 0x34;
        sim.deviceId = 0x1234;
        IoatProvider other = new IoatProvider(sim, sim.sysfs(folder.resolve("other")));
        String unknown = assertThrows(VhostException.class, () -> other.open(IoatSim.ADDRESS))
                .getMessage();
        assertTrue(unknown.contains("8086:1234"), unknown);
    }
}
